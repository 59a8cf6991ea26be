import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { CommandResult, Host, RunOptions } from "../../provider/src/host/host.ts";
import type { Script } from "../../provider/src/host/script.ts";

/** Whoever runs the tests may own files, root or not; by number, as a container may have no name for it. */
const { uid, gid, username } = userInfo();
export const me = { owner: `${username}:${username}`, numbers: `${String(uid)}:${String(gid)}` };

/**
 * This machine's /bin/sh in a folder of its own: scripts run for real, what they call may be a stub, and the folders of
 * a host that they name are folders below ours. The names of their steps are left out of what they say.
 */
export class ShellHost implements Host {
  readonly name = "sandbox";
  readonly folder = mkdtempSync(join(tmpdir(), "torocloud-shell-"));
  readonly #moved: readonly string[];
  readonly #stubs = join(this.folder, "stubs");
  readonly scripts: string[] = [];

  constructor(moved: readonly string[] = []) {
    this.#moved = moved;
    mkdirSync(this.#stubs);
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  /** A command that scripts find before the real one. */
  stub(name: string, body: string): void {
    const path = join(this.#stubs, name);
    writeFileSync(path, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
  }

  async run(script: Script, { stdin }: RunOptions = {}): Promise<CommandResult> {
    const unlocked = script.text.replaceAll("/run/lock/", `${this.#stubs}/`);
    const text = this.#moved.reduce((all, path) => all.replaceAll(path, this.path(path)), unlocked);
    this.scripts.push(text);
    const PATH = `${this.#stubs}:/usr/bin:/bin:/usr/sbin:/sbin:${process.env["PATH"] ?? ""}`;
    const shell = spawn("/bin/sh", ["-c", text], {
      cwd: this.folder,
      env: { PATH, HERE: this.folder, LC_ALL: "C" },
    });
    let [stdout, stderr] = ["", ""];
    shell.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
    shell.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    shell.stdin.on("error", () => {}); // a script need not read all
    if (stdin instanceof Readable) stdin.pipe(shell.stdin);
    else shell.stdin.end(stdin);
    const exitCode = await new Promise<number>((done, failed) => {
      shell.on("error", failed).on("close", (code) => {
        done(code ?? 128);
      });
    });
    return { exitCode, stdout, stderr: stderr.replaceAll(/^= .*\n/gm, "") };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
