import { asset } from "../../host/asset.ts";
import { sh, type Script } from "../../host/script.ts";

/** isa-debug-exit's codes with which the probe (images/demo/probe) says that all went well. */
const works = [33, 35];

/**
 * Prints `acceleration=kvm` or `acceleration=tcg`. A device file promises nothing: some machines offer one on which
 * ordinary guests crawl or die. So `auto` starts a small 64-bit guest under KVM, as other guests will be.
 */
export function reportAcceleration(accel: "auto" | "kvm" | "tcg"): Script {
  if (accel !== "auto") return sh`echo ${`acceleration=${accel}`}`;
  const machine = "microvm,acpi=off,pic=off,pit=off,rtc=off,isa-serial=off";
  return sh`kvm_works() {
  [ -c /dev/kvm ] || return 1
  probe=$(mktemp)
  printf %s ${asset("kvm-probe.base64")} | base64 -d >"$probe"
  code=0
  timeout 5 qemu-system-x86_64 -M ${machine} -accel kvm -cpu host -m 16 -nodefaults -no-user-config -display none \
    -monitor none -serial none -parallel none -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=0x4 \
    -kernel "$probe" >/dev/null 2>&1 || code=$?
  rm -f "$probe"
  for expected in ${works}; do [ "$code" = "$expected" ] && return 0; done
  return 1
}
echo "acceleration=$(if kvm_works; then echo kvm; else echo tcg; fi)"`;
}
