import { z } from "zod";
import { textProblem } from "./text.ts";

/** Text of one form; `expected` says which, whatever is given instead. */
export function Text(expected: string, form: RegExp): z.ZodString {
  return z.string(`expected ${expected}`).regex(form, `expected ${expected}`);
}

/** A name that reads the same to a shell, systemd, Ceph and DNS. */
export const Name = Text(
  "lower-case letters, digits and inner hyphens, a letter first",
  /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
).max(40, "expected at most 40 characters");

/** A host of the inventory; checked against it in previews. */
export const HostName = Text("the name of a host of the inventory", /./s).meta({ host: true });

/** Hosts of the inventory, through any of which something is managed. */
export const HostNames = z.array(HostName).min(1, "expected at least one host of the inventory");

/** A file or folder on the machine where Pulumi runs. */
export function LocalPath(what: string): z.ZodString {
  return Text(`the path of ${what}`, /./s).refine(
    (path) => textProblem(path) === undefined,
    "expected a path of sound text, without NUL",
  );
}

export const Port = Numeral("a port", { max: 65_535 });

/** Absolute, without a step upwards or a character that a unit file or a mount option would read. */
export const AbsolutePath = Text(
  "an absolute path of letters, digits and . _ @ + -",
  /^(\/[A-Za-z0-9._@+-]+)+$|^\/$/,
)
  .max(1000, "expected at most 1000 characters")
  .refine(
    (path) => !path.split("/").some((part) => part === ".." || part === "."),
    "expected a path without . and ..",
  );

/** Where something is mounted. */
export const MountPoint = AbsolutePath.refine((path) => path !== "/", "expected a path below /");

/** A service or mount of systemd's; no template, of which nothing can run. */
export const UnitName = Text(
  "the name of a systemd service or mount unit",
  /^(?=.{1,255}$)(?!@)[A-Za-z0-9:_.@\\-]+(?<!@)\.(service|mount)$/,
);

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** A positive whole number of some unit. */
export function Whole(unit: string, bounds: Bounds = {}): z.ZodNumber {
  return Numeral(`a whole number of ${unit}`, bounds);
}

/** A whole number that is `what`. */
export function Numeral(what: string, { min = 1, max = Number.MAX_SAFE_INTEGER }: Bounds = {}): z.ZodNumber {
  const range = max === Number.MAX_SAFE_INTEGER ? "or more" : `to ${String(max)}`;
  const expected = `expected ${what}, ${String(min)} ${range}`;
  return z.number(expected).int(expected).min(min, expected).max(max, expected);
}

/** As Ceph itself writes it: other letters would be found to differ for ever. */
export const Uuid = z.uuid("expected a UUID").regex(/^[^A-F]*$/, "expected a UUID in lower-case letters");

/** IPv4 or IPv6. */
export const Address = z.union([z.ipv4(), z.ipv6()], "expected an IPv4 or IPv6 address");

/** A monitor as the whole cluster knows it. */
export const MonitorAddresses = z
  .array(
    z.object({
      name: Name.describe("The monitor's name; its host's, by custom."),
      address: Address.describe("Where it listens, IPv4 or IPv6."),
    }),
  )
  .min(1, "expected at least one monitor")
  .refine(
    (monitors) =>
      new Set(monitors.flatMap(({ name, address }) => [name, address])).size === 2 * monitors.length,
    "expected each monitor's name and address once",
  );

export const none = z.object({});

/** The kernel's vhost-vsock, or the user-space vhost-device-vsock. */
export const VsockDevice = z.enum(["kernel", "user"]);

/** A guest's vsock address (vsock(7)): 0 to 2 are taken. */
export const ContextId = Numeral("a context identifier", { min: 3, max: 0xffff_fffe });

export const Acceleration = z.enum(["kvm", "tcg"]);
