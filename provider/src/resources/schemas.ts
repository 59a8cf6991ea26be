import { z } from "zod";

/** A name that reads the same to a shell, systemd, Ceph and DNS. */
export const Name = z
  .string()
  .max(40, "expected at most 40 characters")
  .regex(
    /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
    "expected lower-case letters, digits and inner hyphens, a letter first",
  );

/** A host of the inventory; checked against it in previews. */
export const HostName = z
  .string()
  .min(1, "expected the name of a host of the inventory")
  .meta({ host: true });

export const Port = z
  .number("expected a port, 1 to 65535")
  .int("expected a port, 1 to 65535")
  .min(1, "expected a port, 1 to 65535")
  .max(65_535, "expected a port, 1 to 65535");

/** Absolute, without a step upwards or a character that a unit file or a mount option would read. */
export const AbsolutePath = z
  .string()
  .regex(/^(\/[A-Za-z0-9._@+-]+)+$|^\/$/, "expected an absolute path of letters, digits and . _ @ + -")
  .refine(
    (path) => !path.split("/").some((part) => part === ".." || part === "."),
    "expected a path without . and ..",
  );

/** Where something is mounted. */
export const MountPoint = AbsolutePath.refine((path) => path !== "/", "expected a path below /");

/** A service or mount of systemd's. */
export const UnitName = z
  .string()
  .regex(/^[A-Za-z0-9:_.@\\-]+\.(service|mount)$/, "expected the name of a systemd service or mount unit");

/** A positive whole number of some unit. */
export function Whole(unit: string, { min = 1, max = Number.MAX_SAFE_INTEGER } = {}): z.ZodNumber {
  const expected = `expected a whole number of ${unit}, ${String(min)} ${max === Number.MAX_SAFE_INTEGER ? "or more" : `to ${String(max)}`}`;
  return z.number(expected).int(expected).min(min, expected).max(max, expected);
}

export const Uuid = z.uuid("expected a UUID");

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
export const VsockDevice = z.enum(["kernel", "user"], 'expected "kernel" or "user"');

/** A guest's vsock address (vsock(7)): 0 to 2 are taken. */
export const ContextId = Whole("context identifier", { min: 3, max: 0xffff_fffe });

export const Acceleration = z.enum(["kvm", "tcg"], 'expected "kvm" or "tcg"');
