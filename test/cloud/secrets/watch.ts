import { execFile, spawn, type ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { onEveryHost, onHost } from "../support/hosts.ts";
import type { Workspace } from "../support/workspace.ts";

const assets = new URL("../assets/", import.meta.url).pathname;
const folder = "/dev/shm/torocloud-watch";
const library = "/usr/local/lib/torocloud-watch.so";

/** What goes on while secrets travel: a search of files finds it later. */
export interface Watch {
  /** Command lines of this machine's processes. */
  readonly file: string;
  end(): Promise<void>;
}

/**
 * Records on every host the arguments and environment of each program that is started, and of each process that is there, and on
 * this machine the arguments: the environment here is the user's own.
 */
export async function startWatch(workspace: Workspace): Promise<Watch> {
  const recorder = join(workspace.folder, "record_execs.so");
  await promisify(execFile)("cc", [
    "-shared",
    "-fPIC",
    "-O1",
    "-o",
    recorder,
    join(assets, "record_execs.c"),
  ]);
  const encoded = (await readFile(recorder)).toString("base64");
  const program = (await readFile(join(assets, "watch_processes.py"))).toString("base64");
  await onEveryHost(
    workspace,
    `mkdir -m 777 -p ${folder}; touch ${folder}/execs; chmod 666 ${folder}/execs
base64 --decode >${library} <<'END'
${encoded}
END
base64 --decode >${folder}/watch.py <<'END'
${program}
END
echo ${library} >/etc/ld.so.preload
systemd-run --quiet --unit torocloud-test-watch python3 ${folder}/watch.py ${folder}/samples environ`,
  );
  const file = join(workspace.folder, "processes");
  const child = spawn("python3", [join(assets, "watch_processes.py"), file], { stdio: "ignore" });
  process.once("exit", () => child.kill());
  return { file, end: async () => endWatch(workspace, child) };
}

async function endWatch(workspace: Workspace, child: ChildProcess): Promise<void> {
  child.kill();
  await onEveryHost(
    workspace,
    `systemctl stop torocloud-test-watch 2>/dev/null || :; rm -rf /etc/ld.so.preload ${library} ${folder}`,
  );
}

/** Starts programs on a host that the two watchers must have seen: one that is gone at once, and one that stays a while. */
export async function plantProcesses(
  workspace: Workspace,
  host: string,
  { short, long, environment }: { short: string; long: string; environment: string },
): Promise<void> {
  await onHost(
    workspace,
    host,
    `/bin/true ${short}\nenv PLANTED=${environment} sh -c 'sleep 1; exit 0' ${long}`,
  );
}
