import { ToolError } from "./errors.ts";
import { prepareLabStack, type LabStack } from "./lab-stack.ts";
import { labName } from "./lab-name.ts";
import { say } from "./report.ts";
import { renderTable } from "./table.ts";

/** Brings the example cloud up on a lab, and ends with what is there and the page it fetched. */
export async function up(args: readonly string[]): Promise<number> {
  const stack = await prepareLabStack(labName(args));
  const exitCode = await stack.attached("up", "--yes", "--skip-preview");
  if (exitCode !== 0) {
    say("Not everything is up. What is there is kept; run the same command again to go on from it.");
    return exitCode;
  }
  await summarize(stack);
  return 0;
}

async function summarize(stack: LabStack): Promise<void> {
  const { harvestPackages, labExec, labStatus } = await import("@torocloud/lab");
  await harvestPackages(stack.lab);
  const hosts = await labStatus({ name: stack.lab });
  const health = await labExec({ name: stack.lab, host: "node1", command: ["ceph", "health"] });
  const urls = Object.entries(JSON.parse(await stack.output("stack", "output", "urls", "--json")) as Urls);
  const rows = [
    ...hosts.map(({ name, address, state }) => ["host", name, `${address}, ${state}`]),
    ["storage", "ceph", health.stdout.trim() || health.stderr.trim()],
    ...urls.flatMap(([service, replicas]) =>
      replicas.map((url, index) => ["guest", `${service}-${String(index)}`, url]),
    ),
  ];
  process.stdout.write(`\n${renderTable(rows)}\n`);
  const [first] = urls.flatMap(([, replicas]) => replicas);
  if (first !== undefined) process.stdout.write(`\n${first} says:\n\n${await fetchPage(first)}\n`);
}

type Urls = Readonly<Record<string, readonly string[]>>;

async function fetchPage(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
    return await response.text();
  } catch (cause) {
    throw new ToolError(
      `Everything is up, but ${url} does not answer. See: npm run lab -- ssh host1 -- journalctl -n 50`,
      { cause },
    );
  }
}
