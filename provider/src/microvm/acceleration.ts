import type { Query } from "../artifacts/artifact.ts";
import { asset } from "../artifacts/asset.ts";

/**
 * What guests of a host run on: `{ "acceleration": "kvm" | "tcg" }`. A device file promises nothing: some machines offer one
 * on which ordinary guests crawl or die. So `auto` starts a small 64-bit guest under KVM, as other guests will be.
 */
export function accelerationOf(accel: "auto" | "kvm" | "tcg"): Query {
  return {
    kind: "microvm.acceleration",
    spec: { accel, ...(accel === "auto" && { probe: asset("kvm-probe.base64") }) },
    what: "finding out whether guests run under KVM",
  };
}
