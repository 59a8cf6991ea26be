import { describe, expect, it } from "vitest";
import {
  besides,
  guestMemoryScript,
  mappedFiles,
  parseGuestMemory,
} from "../../../tools/src/bench/guest-memory.ts";

const rollup = (
  pss: number,
  shmem: number,
): string => `55e8d2c00000-7ffd5b9ff000 ---p 00000000 00:00 0  [rollup]
Rss:              999999 kB
Pss:              ${pss} kB
Pss_Dirty:          1000 kB
Pss_Anon:           2000 kB
Pss_File:           3000 kB
Pss_Shmem:          ${shmem} kB
SwapPss:               0 kB
`;

const smaps = `55e8d2c00000-55e8d3000000 r-xp 00000000 00:2c 1  /usr/bin/qemu-system-x86_64
Rss:                8000 kB
Pss:                8000 kB
VmFlags: rd ex mr mw me
7f1000000000-7f1002000000 rwxp 00000000 00:00 0
Size:              32768 kB
Pss:                5000 kB
VmFlags: rd wr ex mr mw me
7f2000000000-7f2008000000 rw-s 00000000 00:01 7  /memfd:memory-backend-memfd (deleted)
Pss:               50000 kB
7f3000000000-7f3002000000 rw-p 00000000 00:2d 9                          /srv/torocloud/images/web-1/kernel
Pss:               12000 kB
7f4000000000-7f4002000000 rw-p 00000000 00:00 0                          [heap]
Pss:                4000 kB
`;

const kib = 1024;
const host = `== qemu
${rollup(90_000, 50_000)}--
${smaps}== virtiofsd
${rollup(3000, 1000)}== virtiofsd
${rollup(500, 0)}== vsock
${rollup(2500, 500)}== forwarder
${rollup(6000, 0)}`;

describe("a guest's memory", () => {
  it("is told apart: its own, the translation buffer, and the rest by process", () => {
    const memory = parseGuestMemory(host);
    expect(memory).toEqual({
      ram: 51_500 * kib,
      translationBuffer: 5000 * kib,
      own: { qemu: 35_000 * kib, virtiofsd: 2500 * kib, vsock: 2000 * kib, forwarder: 6000 * kib },
      qemu: { image: 12_000 * kib, programs: 8000 * kib, anonymous: 15_000 * kib },
    });
    expect(besides(memory)).toBe(25_500 * kib);
    expect(mappedFiles(memory)).toBe(20_000 * kib);
  });

  it("is the mean where a host has several guests", () => {
    expect(besides(parseGuestMemory(host + host))).toBe(25_500 * kib);
  });

  it("cannot be told where no guest runs", () => {
    expect(() => parseGuestMemory(`== forwarder\n${rollup(1, 0)}`)).toThrow("no QEMU runs on the host");
    expect(() => parseGuestMemory(`== other\n${rollup(1, 0)}`)).toThrow('"other" is none of');
  });

  it("is read by a script with every kind of process", () => {
    for (const kind of ["qemu", "virtiofsd", "vsock", "forwarder"]) {
      expect(guestMemoryScript).toContain(`kind=${kind} ;;`);
    }
  });
});
