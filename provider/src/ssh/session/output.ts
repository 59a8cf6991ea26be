import { StringDecoder } from "node:string_decoder";

const nothing = Buffer.alloc(0);
const keptGreetingBytes = 64 * 1024;

/** Drops what comes before a mark on a line of its own, such as a login shell's greeting, and passes on what follows. */
export class MarkedOutput {
  private readonly mark: Buffer;
  private before: Buffer = nothing;
  private found = false;

  constructor(mark: string) {
    this.mark = Buffer.from(`${mark}\n`);
  }

  /** True once the mark has come. */
  get started(): boolean {
    return this.found;
  }

  /** What came instead of the mark, as far as it is kept. */
  get greeting(): string {
    return this.before.toString("utf8");
  }

  /** The part of `chunk` that belongs to the script. */
  push(chunk: Buffer): Buffer {
    if (this.found) return chunk;
    const all = Buffer.concat([this.before, chunk]);
    const at = all.indexOf(this.mark);
    this.found = at >= 0;
    this.before = this.found ? all.subarray(0, at) : all.subarray(-keptGreetingBytes);
    return this.found ? all.subarray(at + this.mark.length) : nothing;
  }
}

/** Keeps the last bytes of an output, whole lines of it when something had to be dropped. */
export class LastBytes {
  private readonly limit: number;
  private chunks: Buffer[] = [];
  private size = 0;
  private dropped = false;

  constructor(limit: number) {
    this.limit = limit;
  }

  push(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    if (this.size > 2 * this.limit) this.shorten();
  }

  /** What was kept, as text. */
  text(): string {
    if (this.size > this.limit) this.shorten();
    const all = Buffer.concat(this.chunks);
    return (this.dropped ? all.subarray(all.indexOf("\n") + 1) : all).toString("utf8");
  }

  private shorten(): void {
    const kept = Buffer.concat(this.chunks).subarray(-this.limit);
    this.chunks = [kept];
    this.size = kept.length;
    this.dropped = true;
  }
}

/** Calls back with each whole line of UTF-8, however its bytes are cut into chunks. */
export class Lines {
  private readonly decoder = new StringDecoder("utf8");
  private readonly onLine: (line: string) => void;
  private rest = "";

  constructor(onLine: (line: string) => void) {
    this.onLine = onLine;
  }

  push(chunk: Buffer): void {
    const lines = (this.rest + this.decoder.write(chunk)).split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.onLine(line.replace(/\r$/, ""));
  }

  /** Gives a last line that no newline ended. */
  end(): void {
    const last = this.rest + this.decoder.end();
    this.rest = "";
    if (last !== "") this.onLine(last);
  }
}
