import { z } from "zod";

/** What a machine is, as it was asked last. */
export const Facts = z.object({
  address: z.string().describe("The address of its default route's interface, as the host itself knows it."),
  debian: z.string().describe("Debian's version: 13.1."),
  kernel: z.string().describe("The release of its kernel."),
  cpus: z.number().describe("Processors online."),
  memoryMiB: z.number().describe("Memory in MiB."),
  cephClient: z
    .enum(["kernel", "fuse"])
    .describe("The CephFS client it can run: the kernel's, or ceph-fuse where the kernel has none."),
  vsock: z
    .enum(["kernel", "user"])
    .describe("Its vsock device: the kernel's vhost-vsock, or the user-space vhost-device-vsock."),
});
export type Facts = z.output<typeof Facts>;

/** Where a program hands them to a resource. They are looked at in a check, and kept nowhere. */
export const factsField = "facts";
