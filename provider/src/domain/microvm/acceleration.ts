import { sh, type Script } from "../../host/script.ts";

/** Prints `acceleration=kvm` or `acceleration=tcg`. */
export function reportAcceleration(accel: "auto" | "kvm" | "tcg"): Script {
  if (accel !== "auto") return sh`echo ${`acceleration=${accel}`}`;
  return sh`echo acceleration=tcg`;
}
