/** What runs for a guest on its host. */
export type GuestProcess = "qemu" | "virtiofsd" | "vsock" | "forwarder";

/** What one guest takes of its host's memory, in bytes: shares of pages that are shared with others (PSS). */
export interface GuestMemory {
  /** The guest's own memory as far as it was touched; in it whoever has it mapped. */
  readonly ram: number;
  /** QEMU's buffer of translated code under tcg; 0 with hardware virtualisation. */
  readonly translationBuffer: number;
  /** Everything else, by process. */
  readonly own: Readonly<Record<GuestProcess, number>>;
  /** What QEMU's part of that consists of. */
  readonly qemu: QemuMemory;
}

/** Shared and clean pages of files count as much as is this guest's share of them, although the kernel can do without them. */
export interface QemuMemory {
  /** The mapped kernel and initramfs, which QEMU keeps after it has copied them into the guest. */
  readonly image: number;
  /** Its program and libraries. */
  readonly programs: number;
  /** The rest: heap, stacks, relocated data. */
  readonly anonymous: number;
}

const kinds: readonly GuestProcess[] = ["qemu", "virtiofsd", "vsock", "forwarder"];

/** A script for a host that prints what {@link parseGuestMemory} reads: `== KIND`, its smaps_rollup, and QEMU's smaps after `--`. */
export const guestMemoryScript = `for process in /proc/[0-9]*; do
  arguments=$(tr '\\0' ' ' <"$process/cmdline" 2>/dev/null) || continue
  case $arguments in
    */qemu-system-*) kind=qemu ;;
    */virtiofsd*) kind=virtiofsd ;;
    */vhost-device-vsock*) kind=vsock ;;
    */forward.py*) kind=forwarder ;;
    *) continue ;;
  esac
  [ "$process" = "/proc/$$" ] && continue
  echo "== $kind"
  cat "$process/smaps_rollup"
  [ "$kind" != qemu ] || { echo --; cat "$process/smaps"; }
done`;

/** What one guest takes on average on the host that printed this; throws when no guest runs there. */
export function parseGuestMemory(text: string): GuestMemory {
  const processes = text.split(/^== /m).slice(1).map(parseProcess);
  const guests = processes.filter(({ kind }) => kind === "qemu").length;
  if (guests === 0) throw new Error("no QEMU runs on the host");
  const total = (pick: (one: ProcessMemory) => number, kind?: GuestProcess): number =>
    processes
      .filter((one) => kind === undefined || one.kind === kind)
      .reduce((bytes, one) => bytes + pick(one), 0) / guests;
  const own = (kind: GuestProcess): number =>
    total((one) => one.pss - one.shared - one.translationBuffer, kind);
  const image = total(({ image: bytes }) => bytes);
  const programs = total(({ programs: bytes }) => bytes);
  return {
    ram: total(({ shared }) => shared),
    translationBuffer: total(({ translationBuffer }) => translationBuffer),
    own: { qemu: own("qemu"), virtiofsd: own("virtiofsd"), vsock: own("vsock"), forwarder: own("forwarder") },
    qemu: { image, programs, anonymous: own("qemu") - image - programs },
  };
}

/**
 * What a guest costs beside its own memory and the translation buffer, in bytes. Pages of files that QEMU maps are not in
 * it: all guests of a host share them, and the kernel drops them when memory is short. {@link mappedFiles} has them.
 */
export function besides(guest: GuestMemory): number {
  return kinds.reduce((bytes, kind) => bytes + guest.own[kind], 0) - mappedFiles(guest);
}

/** The guest's share of the files that QEMU maps: its program and libraries, the kernel and initramfs. */
export function mappedFiles({ qemu }: GuestMemory): number {
  return qemu.image + qemu.programs;
}

interface ProcessMemory {
  readonly kind: GuestProcess;
  readonly pss: number;
  /** In shared memory: the guest's, which is a memfd that all of its processes map. */
  readonly shared: number;
  readonly translationBuffer: number;
  readonly image: number;
  readonly programs: number;
}

function parseProcess(text: string): ProcessMemory {
  const [head = "", maps = ""] = text.split(/^--$/m);
  const kind = head.slice(0, head.indexOf("\n"));
  const named = kinds.find((one) => one === kind);
  if (named === undefined) throw new Error(`"${kind}" is none of ${kinds.join(", ")}`);
  return {
    kind: named,
    pss: field(head, "Pss"),
    shared: field(head, "Pss_Shmem"),
    // Memory that is written and executed is what an emulator translates into.
    translationBuffer: mapped(maps, ({ access }) => access.startsWith("rwx")),
    image: mapped(maps, ({ path }) => isFile(path) && !isProgram(path)),
    programs: mapped(maps, ({ path }) => isFile(path) && isProgram(path)),
  };
}

function isFile(path: string): boolean {
  return path.startsWith("/") && !path.startsWith("/memfd:");
}

function isProgram(path: string): boolean {
  return /^\/(usr|lib)/.test(path);
}

interface Mapping {
  readonly access: string;
  readonly path: string;
}

/** The PSS of some mappings in smaps, in bytes. */
function mapped(smaps: string, wanted: (mapping: Mapping) => boolean): number {
  return smaps
    .split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
    .filter((text) => {
      const [, access = "", path = ""] = /^\S+ (\S+) \S+ \S+ \S+ *(.*)$/m.exec(text) ?? [];
      return wanted({ access, path });
    })
    .reduce((bytes, text) => bytes + field(text, "Pss"), 0);
}

function field(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0) * 1024;
}
