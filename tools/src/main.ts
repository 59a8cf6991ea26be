import { say } from "./report.ts";

type CommandMain = (args: readonly string[]) => Promise<number>;

/** Each command is loaded when it is asked for. */
const commands: Readonly<Record<string, () => Promise<CommandMain>>> = {
  up: async () => (await import("./up.ts")).up,
  down: async () => (await import("./down.ts")).down,
  test: async () => (await import("./test.ts")).test,
  "test-kill": async () => (await import("./test-kill.ts")).testKill,
  bench: async () => (await import("./bench.ts")).bench,
  image: async () => (await import("./demo-image.ts")).image,
  lab: async () => (await import("./lab.ts")).lab,
  pulumi: async () => (await import("./pulumi-command.ts")).pulumi,
  explain: async () => (await import("./explain.ts")).explain,
  "check-host-program": async () => (await import("./host-program-checks.ts")).checkHostProgram,
  record: async () => (await import("./record.ts")).record,
};

/** Errors whose message is all that the user needs; the lab's is told by name, as the lab is loaded only when it is asked for. */
const forUsers: ReadonlySet<string> = new Set(["ToolError", "LabError"]);

/** Runs one command of the project (`up`, `down`, `test`, `test-kill`, `bench`, `image`, `lab`, `pulumi`, `explain`, `check-host-program`, `record`) and returns its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const [name = "", ...args] = argv;
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    say(
      `${name === "" ? "No command" : `"${name}" is no command`}. Type: npm run ${Object.keys(commands).join("|")}`,
    );
    return 2;
  }
  try {
    const command = await load();
    return await command(args);
  } catch (error) {
    say(describe(error));
    return 1;
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return forUsers.has(error.name) ? error.message : (error.stack ?? error.message);
}
