/** A value that may be in a few places and nowhere else. */
export interface Secret {
  readonly name: string;
  /** Its bytes, and other writings of the same, such as a line of a key file and the key in it. */
  readonly values: readonly Buffer[];
}

/** What to search for: a text as it would stand in a file, and whose it is. */
export type Needles = ReadonlyMap<string, string>;

const shortestNeedle = 8;

/** Every writing of every secret, as latin1 text: as it is, in base64 at each alignment, in hexadecimal, in a URL, in JSON. */
export function needlesOf(secrets: readonly Secret[]): Needles {
  return new Map(
    secrets.flatMap(({ name, values }) =>
      values.flatMap((value) => writings(value).map((text): [string, string] => [text, name])),
    ),
  );
}

function writings(value: Buffer): string[] {
  const text = value.toString("latin1");
  const hex = value.toString("hex");
  const all = [
    text,
    ...[0, 1, 2].flatMap((shift) => base64(value, shift)),
    ...[hex, hex.toUpperCase()],
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
  ];
  return [...new Set(all.flatMap(searchable))];
}

/** What of the base64 of anything that holds `value`, `shift` bytes after a multiple of three, depends on `value` alone. */
function base64(value: Buffer, shift: number): string[] {
  const text = Buffer.concat([Buffer.alloc(shift), value])
    .toString("base64")
    .replaceAll("=", "");
  const first = shift === 0 ? 0 : shift + 1;
  const last = Math.floor(((shift + value.length) * 8) / 6);
  const inner = text.slice(first, last);
  return [inner, inner.replaceAll("+", "-").replaceAll("/", "_")];
}

/** The longest part that a search by lines can find; nothing when it is too short to be told from chance. */
function searchable(text: string): string[] {
  const parts = text.split(/[\n\0]/).sort((one, other) => other.length - one.length);
  return parts.slice(0, 1).filter(({ length }) => length >= shortestNeedle);
}
