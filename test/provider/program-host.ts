import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { hostProgram, starter } from "../../provider/src/host-program/bundle.ts";
import { StepFailed, type AskOptions, type Host } from "../../provider/src/host-program/host.ts";
import { Message, type Answer, type Request } from "../../provider/src/host-program/wire.ts";

/** Whoever runs the tests may own files, root or not; by number, as a container may have no name for it. */
const { uid, gid, username } = userInfo();
export const me = { owner: `${username}:${username}`, numbers: `${String(uid)}:${String(gid)}` };

interface Asked {
  readonly options: AskOptions;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** This machine as a host: the real program, started by the real command, in a folder of its own that stands for the root. */
export class ProgramHost implements Host {
  readonly name = "sandbox";
  readonly folder = mkdtempSync(join(tmpdir(), "torocloud-program-"));
  readonly requests: Request[] = [];
  readonly #asked = new Map<number, Asked>();
  #program: ChildProcessWithoutNullStreams | undefined;
  #last = 0;

  constructor() {
    // Nothing is mounted there.
    mkdirSync(this.path("proc", "self"), { recursive: true });
    writeFileSync(this.path("proc", "self", "mountinfo"), "");
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  async ask(request: Request, options: AskOptions = {}): Promise<Answer> {
    this.requests.push(request);
    this.#last += 1;
    const id = this.#last;
    const program = (this.#program ??= this.#start());
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { options, resolve, reject });
      program.stdin.write(`${JSON.stringify({ id, limit: options.timeoutSeconds ?? 60, ...request })}\n`);
      if (options.payload) void this.#send(id, program, options.payload);
    });
  }

  /** Ends the program, and with it the folder. */
  remove(): void {
    this.#program?.stdin.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #start(): ChildProcessWithoutNullStreams {
    const program = spawn("/bin/sh", ["-c", starter], { env: { PATH: process.env["PATH"] ?? "" } });
    const { bytes } = hostProgram();
    program.stdin.on("error", () => undefined);
    program.stdin.write(Buffer.concat([Buffer.from(`${String(bytes.length)}\n`), bytes]));
    program.stdin.write(`${JSON.stringify({ mark: "begin", heartbeatSeconds: 3600, root: this.folder })}\n`);
    program.stderr.pipe(process.stderr);
    let before = 3; // ready line, mark and hello
    createInterface({ input: program.stdout }).on("line", (line) => {
      before -= 1;
      if (before < 0) this.#take(Message.parse(JSON.parse(line)));
    });
    return program;
  }

  #take(message: Message): void {
    const asked = "id" in message ? this.#asked.get(message.id) : undefined;
    if (!asked) return;
    if ("results" in message)
      asked.resolve({
        results: message.results,
        ...(message.stopped !== undefined && { stopped: message.stopped }),
      });
    else if ("failed" in message) {
      const { failed: how, message: said, step } = message;
      asked.reject(new StepFailed({ host: this.name, step, how, message: said }));
    } else if ("step" in message) asked.options.onProgress?.({ step: message.step });
    else if ("say" in message) asked.options.onProgress?.({ say: message.say });
    else if ("line" in message) asked.options.onProgress?.({ line: message.line });
  }

  async #send(
    id: number,
    program: ChildProcessWithoutNullStreams,
    payload: NonNullable<AskOptions["payload"]>,
  ): Promise<void> {
    for await (const chunk of payload()) {
      const data = Buffer.from(chunk as Uint8Array).toString("base64");
      program.stdin.write(`${JSON.stringify({ id, data })}\n`);
    }
    program.stdin.write(`${JSON.stringify({ id, end: true })}\n`);
  }
}
