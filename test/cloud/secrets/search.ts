import { spawn } from "node:child_process";
import { onHost } from "../support/hosts.ts";
import type { Workspace } from "../support/workspace.ts";
import type { Needles } from "./needles.ts";

/** A secret that was found in a file. */
export interface Find {
  /** A host's name, or "here" for this machine. */
  readonly where: string;
  readonly path: string;
  /** "600 root:root" */
  readonly access: string;
  readonly secret: string;
}

/** All of a host but what the kernel makes up, and what only Debian's packages write. */
const hostRoots = `$(for entry in /* /usr/local; do
  case $entry in /proc|/sys|/dev|/usr) ;; *) [ -L "$entry" ] || echo "$entry" ;; esac
done) /dev/shm`;

/**
 * Prints "path NUL needle NUL" for each needle that a file holds. Lines end with NUL here, so that a disk image full of zeros is
 * no line of gigabytes; what goes away meanwhile, or may not be read, is no error. The needles come over standard input.
 */
function searchScript(needles: Needles, roots: string, as = ""): string {
  const encoded = Buffer.from([...needles.keys()].join("\n"), "latin1").toString("base64");
  return `export LC_ALL=C
roots=${roots}
base64 --decode <<'END' | { ${as} nice grep -rzZaoHF -D skip -f - $roots 2>/dev/null || [ $? -le 2 ]; } | base64 --wrap 0
${encoded}
END
`;
}

/** Searches all files of a host, as root or as somebody who has no business there. */
export async function searchHost(
  workspace: Workspace,
  host: string,
  { needles, user = "root" }: { needles: Needles; user?: "root" | "nobody" },
): Promise<readonly Find[]> {
  const as = user === "root" ? "" : "setpriv --reuid=nobody --regid=nogroup --clear-groups";
  const run = async (script: string): Promise<string> => onHost(workspace, host, script);
  return search(host, { needles, script: searchScript(needles, `"${hostRoots}"`, as), run });
}

/** Searches files and folders of this machine. */
export async function searchHere(needles: Needles, roots: readonly string[]): Promise<readonly Find[]> {
  return search("here", {
    needles,
    script: searchScript(needles, `"${roots.join(" ")}"`),
    run: onThisMachine,
  });
}

interface Search {
  readonly needles: Needles;
  readonly script: string;
  readonly run: (script: string) => Promise<string>;
}

async function search(where: string, { needles, script, run }: Search): Promise<readonly Find[]> {
  const words = Buffer.from(await run(script), "base64")
    .toString("latin1")
    .split("\0");
  const pairs = words.flatMap((path, index) => {
    const secret = needles.get(words[index + 1] ?? "");
    return index % 2 === 0 && secret !== undefined ? [`${path}\n${secret}`] : [];
  });
  const found = [...new Set(pairs)].map((pair) => pair.split("\n") as [string, string]);
  const access = await accessOf([...new Set(found.map(([path]) => path))], run);
  return found.map(([path, secret]) => ({ where, path, access: access.get(path) ?? "gone", secret }));
}

async function accessOf(
  paths: readonly string[],
  run: (script: string) => Promise<string>,
): Promise<ReadonlyMap<string, string>> {
  const script = `while IFS= read -r path; do stat -c '%a %U:%G' -- "$path" 2>/dev/null || echo gone; done <<'END'
${paths.join("\n")}
END
`;
  const lines = (await run(script)).split("\n");
  return new Map(paths.map((path, index) => [path, lines[index] ?? "gone"]));
}

async function onThisMachine(script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("sh", ["-eu", "-s"], { stdio: ["pipe", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.once("error", reject).once("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`the search ended with exit code ${String(code)}`));
    });
    child.stdin.end(script);
  });
}
