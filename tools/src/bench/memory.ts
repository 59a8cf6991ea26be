import { ToolError } from "../errors.ts";
import { onHost, verifyCloud } from "./bench-lab.ts";
import type { Context } from "./context.ts";
import type { Figure } from "./figure.ts";
import {
  besides,
  guestMemoryScript,
  mappedFiles,
  parseGuestMemory,
  type GuestMemory,
} from "./guest-memory.ts";

const megabyte = 1_000_000;
const mebibyte = 1024 * 1024;

/** Memory: of the provider while it brings the example cloud up, and of what each guest needs on its host. */
export async function benchmarkMemory(context: Context): Promise<readonly Figure[]> {
  const { lab, run } = await context.cloud();
  await verifyCloud(lab);
  if (run.providerPeak === undefined) {
    throw new ToolError(
      "The provider's process was not seen while Pulumi ran: is it still named so in pulumi-run.ts?",
    );
  }
  const guests = await Promise.all(
    lab.clients.map(async ({ name }) => parseGuestMemory(await onHost(name, guestMemoryScript))),
  );
  return [
    megabytes("memory.provider", run.providerPeak, { kind: "under", value: 200 }),
    ...guestFigures(costliest(guests)),
  ];
}

function costliest(guests: readonly GuestMemory[]): GuestMemory {
  const [first, ...others] = guests;
  if (first === undefined) throw new ToolError("The lab has no host that runs guests");
  return others.reduce((most, guest) => (besides(guest) > besides(most) ? guest : most), first);
}

/** The parts of the guest that costs most. */
function guestFigures(guest: GuestMemory): Figure[] {
  return [
    megabytes("memory.guest.besides", besides(guest), { kind: "under", value: 40 }),
    megabytes("memory.guest.mapped-files", mappedFiles(guest)),
    megabytes("memory.guest.qemu.anonymous", guest.qemu.anonymous),
    megabytes("memory.guest.qemu.programs", guest.qemu.programs),
    megabytes("memory.guest.qemu.image", guest.qemu.image),
    megabytes("memory.guest.virtiofsd", guest.own.virtiofsd),
    megabytes("memory.guest.vsock", guest.own.vsock),
    megabytes("memory.guest.forwarder", guest.own.forwarder),
    megabytes("memory.guest.translation-buffer", guest.translationBuffer, {
      kind: "at most",
      value: (32 * mebibyte) / megabyte,
    }),
    megabytes("memory.guest.ram", guest.ram),
  ];
}

function megabytes(name: string, bytes: number, goal?: Figure["goal"]): Figure {
  return { name, value: bytes / megabyte, unit: "MB", ...(goal && { goal }) };
}
