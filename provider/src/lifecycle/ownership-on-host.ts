import { readMarkerAt, type Instance } from "./instance.ts";
import type { Marker } from "./marker.ts";
import { notToDelete } from "./ownership.ts";

/** Why what is on the host must be left alone, in words; undefined where it may be removed. What has no marker is as our state says. */
export async function whyLeft(instance: Instance): Promise<string | undefined> {
  return notToDelete(instance, await readMarker(instance));
}

/** Its marker, asked for anew. */
export async function readMarker(instance: Instance): Promise<Marker | undefined> {
  return readMarkerAt(instance, `asking to whom ${instance.label} belongs`);
}
