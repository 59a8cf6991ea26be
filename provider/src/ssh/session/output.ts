const nothing = Buffer.alloc(0);
const keptGreetingBytes = 64 * 1024;
const newline = 10;

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

  /** The part of `chunk` that comes after the mark. */
  push(chunk: Buffer): Buffer {
    if (this.found) return chunk;
    const all = Buffer.concat([this.before, chunk]);
    const at = all.indexOf(this.mark);
    this.found = at >= 0;
    this.before = this.found ? all.subarray(0, at) : all.subarray(-keptGreetingBytes);
    return this.found ? all.subarray(at + this.mark.length) : nothing;
  }
}

/** Keeps the last bytes of an output. */
export class LastBytes {
  private readonly limit: number;
  private kept: Buffer = nothing;

  constructor(limit: number) {
    this.limit = limit;
  }

  push(chunk: Buffer): void {
    this.kept = Buffer.concat([this.kept, chunk]).subarray(-this.limit);
  }

  /** What was kept, as text. */
  text(): string {
    return this.kept.toString("utf8");
  }
}

/** Calls back with each whole line of UTF-8, however its bytes are cut into chunks. */
export class Lines {
  private readonly onLine: (line: string) => void;
  private readonly parts: Buffer[] = [];
  /** How long the line is that has not ended yet. */
  unfinishedBytes = 0;

  constructor(onLine: (line: string) => void) {
    this.onLine = onLine;
  }

  push(chunk: Buffer): void {
    let begin = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, begin)) {
      this.keep(chunk.subarray(begin, end));
      begin = end + 1;
      this.unfinishedBytes = 0;
      this.onLine(Buffer.concat(this.parts.splice(0)).toString("utf8"));
    }
    this.keep(chunk.subarray(begin));
  }

  private keep(part: Buffer): void {
    if (part.length === 0) return;
    this.parts.push(part);
    this.unfinishedBytes += part.length;
  }
}
