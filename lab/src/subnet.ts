import { LabError } from "./errors.ts";

interface Range {
  readonly first: number;
  readonly last: number;
}

function addressNumber(address: string): number {
  const parts = address.split(".").map(Number);
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

/** The addresses of an IPv4 prefix such as "10.0.0.0/8" or "10.0.0.1"; undefined for anything else and for a default route. */
export function parseRange(prefix: string): Range | undefined {
  const match = /^(\d+\.\d+\.\d+\.\d+)(?:\/(\d+))?$/.exec(prefix);
  if (match?.[1] === undefined) return undefined;
  const length = Number(match[2] ?? "32");
  if (length === 0) return undefined;
  const size = 2 ** (32 - length);
  const first = Math.floor(addressNumber(match[1]) / size) * size;
  return { first, last: first + size - 1 };
}

function candidates(): string[] {
  const wide = Array.from({ length: 254 }, (_, third) => `10.77.${third + 1}`);
  const spare = Array.from({ length: 254 }, (_, third) => `172.29.${third + 1}`);
  const narrow = Array.from({ length: 155 }, (_, third) => `192.168.${third + 100}`);
  return [...wide, ...spare, ...narrow];
}

/** The first three numbers of a /24 that overlaps none of the given prefixes; throws when there is none left. */
export function chooseSubnet(used: readonly string[]): string {
  const ranges = used.map(parseRange).filter((range) => range !== undefined);
  const free = candidates().find((subnet) => {
    const first = addressNumber(`${subnet}.0`);
    return ranges.every((range) => range.last < first || range.first > first + 255);
  });
  if (free !== undefined) return free;
  throw new LabError(
    "this machine: no private /24 is free for a lab: take a lab down, or remove a route that covers 10.77.0.0/16, 172.29.0.0/16 and 192.168.0.0/16",
  );
}

/** The lab's own address on its bridge: the hosts' gateway. */
export function gatewayAddress(subnet: string): string {
  return `${subnet}.1`;
}

/** Keeps every address that is known and gives each new host the lowest free one from .11 on. */
export function assignAddresses(
  subnet: string,
  names: readonly string[],
  known: ReadonlyMap<string, string>,
): Map<string, string> {
  const result = new Map(known);
  for (const name of names) {
    if (result.has(name)) continue;
    const taken = new Set(result.values());
    const free = Array.from({ length: 240 }, (_, index) => `${subnet}.${index + 11}`).find(
      (address) => !taken.has(address),
    );
    if (free === undefined) throw new LabError(`${name}: the lab's network ${subnet}.0/24 is full`);
    result.set(name, free);
  }
  return result;
}
