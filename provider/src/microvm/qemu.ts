import { logDirectory, shareSocket, vsockDeviceSocket, type VsockDevice } from "./names.ts";

/** A guest as QEMU sees it. */
export interface GuestMachine {
  readonly name: string;
  readonly accel: "kvm" | "tcg";
  readonly preset: "linux" | "toro";
  /** Options of QEMU's microvm machine, over those of the preset: {"pic": "off"}. */
  readonly machineOptions: Readonly<Record<string, string>>;
  readonly kernel: string;
  readonly initramfs?: string | undefined;
  readonly commandLine: string;
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly shares: readonly { readonly tag: string }[];
  /** What the units of each share's virtiofsd are called after, by its tag. */
  readonly shareNames: Readonly<Record<string, string>>;
  readonly vsock: VsockDevice;
  readonly contextId: number;
}

/** Bounds what software emulation costs beside the guest's own memory. */
const translationBufferMiB = 32;

/** What the presets need, measured with QEMU 10.0 (docs/facts.md): Linux hangs or dies with other timers under tcg. */
const presetOptions = {
  linux: { tcg: { pic: "off" }, kvm: { pit: "off", pic: "off", rtc: "off" } },
  toro: {
    tcg: { pic: "off", pit: "off", rtc: "off", acpi: "off" },
    kvm: { pic: "off", pit: "off", rtc: "off", acpi: "off" },
  },
} as const;

/**
 * Set in the guest's unit to the frequency of the host's time stamp counter, in kHz. Under tcg that counter is the
 * guest's only clock, and Linux cannot measure it there: 5 of 25 boots hung before they were told.
 */
export const tscVariable = "TOROCLOUD_TSC_KHZ";

/** The kernel command line that the preset starts from. */
function presetCommandLine({ preset, accel, shares }: GuestMachine): string {
  if (preset === "toro") return ["virtiovsocket", "virtiofs", ...shares.map(({ tag }) => tag)].join(",");
  const clock = accel === "tcg" ? ` tsc=reliable tsc_early_khz=\${${tscVariable}}` : "";
  return `console=ttyS0 quiet panic=-1 reboot=t${clock}`;
}

/** QEMU's arguments for a guest; pure. Values that meet a comma-separated option have theirs doubled. */
export function qemuArguments(guest: GuestMachine): string[] {
  const size = `${String(guest.memoryMiB)}M`;
  const commandLine = [presetCommandLine(guest), guest.commandLine].filter(Boolean).join(" ");
  return [
    "/usr/bin/qemu-system-x86_64",
    ...["-name", `guest=${comma(guest.name)}`],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none", "-no-reboot"],
    ...["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
    ...["-machine", machine(guest)],
    ...accelerator(guest),
    ...["-smp", String(guest.cpus), "-m", size],
    ...["-object", `memory-backend-memfd,id=memory,size=${size},share=on`],
    ...(guest.preset === "toro" ? ["-global", "virtio-mmio.force-legacy=false"] : []),
    ...["-kernel", guest.kernel],
    ...(guest.initramfs === undefined ? [] : ["-initrd", guest.initramfs]),
    ...["-append", commandLine],
    ...[
      "-chardev",
      `file,id=console,append=on,path=${comma(consolePath(guest.name))}`,
      "-serial",
      "chardev:console",
    ],
    ...["-qmp", `unix:${qmpSocket(guest.name)},server=on,wait=off`],
    ...shareNames(guest).flatMap(([tag, name], index) => share({ tag, name, index })),
    ...vsock(guest),
  ];
}

export function consolePath(guest: string): string {
  return `${logDirectory}/${guest}.console.log`;
}

/** QEMU's control socket (QMP). */
export function qmpSocket(guest: string): string {
  return `/run/torocloud-guest-${guest}/qmp.sock`;
}

function machine({ preset, accel, machineOptions }: GuestMachine): string {
  const options = { ...presetOptions[preset][accel], ...machineOptions };
  return [
    "microvm",
    "memory-backend=memory",
    ...Object.entries(options).map(([key, value]) => `${key}=${comma(value)}`),
  ].join(",");
}

function accelerator({ accel }: GuestMachine): string[] {
  return accel === "kvm"
    ? ["-accel", "kvm", "-cpu", "host"]
    : ["-accel", `tcg,thread=multi,tb-size=${String(translationBufferMiB)}`, "-cpu", "max"];
}

/** Tag and name of each of its shares, in their order. */
export function shareNames({
  shares,
  shareNames: names,
}: Pick<GuestMachine, "shares" | "shareNames">): [tag: string, name: string][] {
  return shares.map(({ tag }) => [tag, names[tag] ?? ""]);
}

function share({ tag, name, index }: { tag: string; name: string; index: number }): string[] {
  const id = `share${String(index)}`;
  return [
    ...["-chardev", `socket,id=${id},path=${comma(shareSocket(name))}`],
    ...["-device", `vhost-user-fs-device,chardev=${id},tag=${comma(tag)}`],
  ];
}

function vsock({ name, vsock: device, contextId }: GuestMachine): string[] {
  return device === "kernel"
    ? ["-device", `vhost-vsock-device,guest-cid=${String(contextId)}`]
    : [
        ...["-chardev", `socket,id=vsock,path=${comma(vsockDeviceSocket(name))}`],
        ...["-device", "vhost-user-vsock-device,chardev=vsock"],
      ];
}

/** QEMU's option syntax: a comma in a value is written twice. */
function comma(value: string): string {
  return value.replaceAll(",", ",,");
}
