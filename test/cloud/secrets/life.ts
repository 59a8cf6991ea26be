import { execFile } from "node:child_process";
import { appendFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cephSecrets } from "./ceph-secrets.ts";
import { makeLogins, newMark, type Logins } from "./logins.ts";
import { needlesOf, type Needles, type Secret } from "./needles.ts";
import {
  openStack,
  ownProject,
  type Outcome,
  type Run,
  type RunOptions,
  type Stack,
} from "../support/stack.ts";
import { openWorkspace, writeFolder, type Workspace } from "../support/workspace.ts";
import { startWatch, type Watch } from "./watch.ts";

type Command = "preview" | "up" | "refresh" | "destroy";

/** A stack in the middle of secrets, all of whose words are kept. */
export interface Life {
  readonly workspace: Workspace;
  readonly stack: Stack;
  readonly logins: Logins;
  readonly watch: Watch;
  /** No secret, and everywhere where secrets must not be: a search that does not find it finds nothing. */
  readonly decoy: string;
  /** Runs Pulumi with all that it can log, and keeps what it said. */
  run(command: Command, options?: RunOptions): Promise<Outcome>;
  start(command: Command, options?: RunOptions): Run;
  /** Like `run`; throws when it fails. */
  must(command: Command, options?: RunOptions): Promise<Outcome>;
  /** Keeps words for the search. */
  keep(words: string): Promise<void>;
  /** Notes the keys that Ceph has now: those of a cluster that is gone are secrets for ever. */
  harvest(): Promise<void>;
  /** All secrets so far. */
  secrets(): readonly Secret[];
  /** Those of all secrets, and of the decoy. */
  needles(): Needles;
  end(): Promise<void>;
}

const verbose = ["--logtostderr", "-v=9", "--logflow"];

/** Makes the secrets, and the hosts that want them, and begins to watch. */
export async function beginLife(log: (line: string) => void): Promise<Life> {
  const opened = await openWorkspace(log);
  const logins = await makeLogins(opened);
  const own = ownMarks();
  const { token, environment, shared, backend } = own.marks;
  const decoy = newMark("decoy");
  const temporary = join(opened.folder, "tmp");
  await mkdir(temporary, { recursive: true });
  const env = {
    ...opened.env,
    ...logins.env,
    ...{ TMPDIR: temporary, TORO_MARK: environment, PULUMI_CONFIG_PASSPHRASE: backend },
  };
  const workspace: Workspace = { ...opened, inventoryFile: logins.inventoryFile, env };
  const name = `secrets-${workspace.lab}`;
  // That of a run which was cut off has another passphrase.
  await rm(join(ownProject("secrets"), `Pulumi.${name}.yaml`), { force: true });
  const stack = await openStack(workspace, ownProject("secrets"), name);
  const site = await writeFolder(workspace, "site", {
    "index.html": "Whole\n",
    "private.txt": `${shared}\n`,
  });
  await stack.configure({ ...workspace.settings, "torocloud:inventory": logins.inventoryFile, site, decoy });
  await setSecret(workspace, stack, token);
  const watch = await startWatch(workspace);
  return lifeOf({ workspace, stack, logins, watch, decoy, secrets: [...logins.secrets, ...own.secrets] });
}

function ownMarks(): {
  marks: Readonly<Record<"token" | "environment" | "shared" | "backend", string>>;
  secrets: Secret[];
} {
  const marks = {
    token: newMark("token"),
    environment: newMark("environment"),
    shared: newMark("shared"),
    backend: newMark("backend"),
  };
  const names = {
    token: "the secret of the configuration",
    environment: "the variable of the environment",
    shared: "the shared file",
    backend: "the passphrase of the backend",
  };
  const secrets = Object.entries(names).map(([key, name]) => ({
    name,
    values: [Buffer.from(marks[key as keyof typeof marks])],
  }));
  return { marks, secrets };
}

async function setSecret({ env }: Workspace, { name }: Stack, token: string): Promise<void> {
  const words = ["config", "set", "--secret", "token", "--stack", name, "--cwd", ownProject("secrets")];
  const setting = promisify(execFile)("pulumi", words, { env });
  setting.child.stdin?.end(token);
  await setting;
}

interface Parts extends Pick<Life, "workspace" | "stack" | "logins" | "watch" | "decoy"> {
  readonly secrets: readonly Secret[];
}

function lifeOf({ secrets: planted, ...parts }: Parts): Life {
  const { workspace, stack, logins, watch } = parts;
  const ofCeph = new Map<string, Secret>();
  const keep = async (words: string): Promise<void> => {
    const lines = words.split("\n");
    const write = async (file: string, kept: readonly string[]): Promise<void> =>
      appendFile(join(workspace.folder, file), `${kept.join("\n")}\n`);
    await write("log", lines.filter(isLog));
    await write(
      "said",
      lines.filter((line) => !isLog(line)),
    );
  };
  const control = { name: "decoy", values: [Buffer.from(parts.decoy)] };
  const secrets = (): readonly Secret[] => [...planted, ...ofCeph.values()];
  const loud = (options: RunOptions = {}): RunOptions => ({
    ...options,
    args: [...verbose, ...(options.args ?? [])],
  });
  const run = async (command: Command, options?: RunOptions): Promise<Outcome> => {
    const outcome = await stack.run(command, loud(options));
    await keep(outcome.output);
    return outcome;
  };
  return {
    ...parts,
    run,
    start: (command, options) => stack.start(command, loud(options)),
    async must(command, options) {
      const outcome = await run(command, options);
      if (outcome.exitCode === 0) return outcome;
      throw new Error(`pulumi ${command} ended with ${outcome.exitCode}:\n${plainWords(outcome.output)}`);
    },
    keep,
    async harvest() {
      for (const secret of await cephSecrets(workspace))
        ofCeph.set(secret.values[0]?.toString() ?? "", secret);
    },
    secrets,
    needles: () => needlesOf([...secrets(), control]),
    async end() {
      await watch.end();
      await stack.remove();
      await logins.end();
    },
  };
}

/** What Pulumi says to a person, without its log. */
export function plainWords(output: string): string {
  const lines = output.split("\n").filter((line) => !isLog(line));
  return lines.join("\n").slice(-6000);
}

/** Lines of the engine's own log, in either of its forms. */
function isLog(line: string): boolean {
  return /^ *[IWE]\d{4} |^{"time":/.test(line);
}
