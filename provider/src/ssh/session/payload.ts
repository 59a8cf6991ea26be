import type { Readable } from "node:stream";
import type { Order } from "../../host-program/wire.ts";

const chunkBytes = 256 * 1024;

interface Feeding {
  readonly id: number;
  readonly open: () => Readable;
  /** Resolves when more may be written. */
  readonly send: (order: Order) => Promise<void>;
  /** Told once when what is to be sent cannot be read. */
  readonly failed: (error: unknown) => void;
}

/** Sends what a stream gives, in pieces, no more of them than the host wants; opened when it wants the first. */
export class Payload {
  private readonly feeding: Feeding;
  private credit = 0;
  private stream: Readable | undefined;
  private wake: () => void = () => undefined;
  private over = false;

  constructor(feeding: Feeding) {
    this.feeding = feeding;
  }

  /** The host takes so many more pieces. */
  wanted(pieces: number): void {
    if (this.over) return;
    this.credit += pieces;
    this.wake();
    if (this.stream === undefined) this.begin();
  }

  /** Nothing more is sent, and the stream is destroyed. */
  end(): void {
    this.over = true;
    this.wake();
    this.stream?.destroy();
  }

  private begin(): void {
    this.feed().catch((error: unknown) => {
      if (!this.over) this.feeding.failed(error);
    });
  }

  private async feed(): Promise<void> {
    const { id, open, send } = this.feeding;
    this.stream = open().on("error", () => undefined);
    for await (const piece of piecesOf(this.stream)) {
      while (this.credit === 0 && !this.over) await this.nextCredit();
      if (this.over) return;
      this.credit -= 1;
      await send({ id, data: piece.toString("base64") });
    }
    if (!this.over) await send({ id, end: true });
  }

  private async nextCredit(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }
}

/** The same bytes in pieces of 256 kB, the last one shorter. */
async function* piecesOf(stream: Readable): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array | string>) {
    const bytes = Buffer.from(chunk as Uint8Array);
    parts.push(bytes);
    size += bytes.length;
    if (size < chunkBytes) continue;
    let whole = Buffer.concat(parts);
    for (; whole.length >= chunkBytes; whole = whole.subarray(chunkBytes))
      yield whole.subarray(0, chunkBytes);
    parts = [whole];
    size = whole.length;
  }
  if (size > 0) yield Buffer.concat(parts);
}
