/** Something is there that this stack did not make. It has not been touched. */
export class AlreadyExists extends Error {
  override readonly name = "AlreadyExists";
}

/** A create or update stopped half-way; what is there is ours, and the next run goes on from it. */
export class PartialFailure extends Error {
  override readonly name = "PartialFailure";
  readonly id: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly reasons: readonly string[];
  constructor(id: string, properties: Readonly<Record<string, unknown>>, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(reason, { cause });
    this.id = id;
    this.properties = properties;
    this.reasons = [reason];
  }
}
