import type { Instance } from "./instance.ts";
import { parseMarker, type Marker } from "./marker.ts";
import { notToDelete } from "./ownership.ts";
import { ask } from "./progress.ts";

/** Why what is on the host must be left alone, in words; undefined where it may be removed. What has no marker is as our state says. */
export async function whyLeft(instance: Instance): Promise<string | undefined> {
  return notToDelete(instance, await readMarker(instance));
}

/** Its marker, asked for anew. */
export async function readMarker({ host, label, markerPath: path }: Instance): Promise<Marker | undefined> {
  const { results } = await ask(
    { host, label, words: () => `asking to whom ${label} belongs` },
    { steps: [{ do: "readMarker", path }] },
    { repeatable: true },
  );
  return parseMarker(results[0], `${host.name}: ${path}`);
}
