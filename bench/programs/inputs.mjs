/** What `count` guests are declared with, on the hosts in turn. */
export function guests(count, hosts) {
  return Array.from({ length: count }, (_, index) => ({
    host: hosts[index % hosts.length],
    name: `bench-${index}`,
    kernel: "/srv/torocloud/images/bench-0123456789ab/kernel",
    initramfs: "/srv/torocloud/images/bench-0123456789ab/initramfs",
    memoryMiB: 64,
    cpus: 1,
    commandLine: `bench.number=${index}`,
    shares: [],
    accel: "tcg",
    vsock: "kernel",
    contextId: 1000 + index,
    mountUnit: "torocloud-mount-storage.service",
  }));
}
