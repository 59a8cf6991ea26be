import { afterAll, describe, expect, it } from "vitest";
import type { Condition } from "../../../provider/src/artifacts/artifact.ts";
import { checkInputs } from "../../../provider/src/lifecycle/check.ts";
import type { Props, Resource } from "../../../provider/src/lifecycle/define-resource.ts";
import { guest } from "../../../provider/src/microvm/guest.ts";
import { hypervisor } from "../../../provider/src/microvm/hypervisor.ts";
import { image } from "../../../provider/src/microvm/image.ts";
import { portForward } from "../../../provider/src/microvm/port-forward.ts";
import { examples, removeFixtures } from "../examples.ts";

afterAll(removeFixtures);

function desired({ type }: Resource, changes: Props = {}, former: Props = {}): Props {
  const example = examples[type as keyof typeof examples].inputs;
  const resource = [guest, hypervisor, image, portForward].find((one) => one.type === type);
  if (!resource) throw new Error(`${type} is not tested here`);
  const { inputs, problems } = checkInputs(
    resource,
    { ...example, ...changes },
    () => ["node1", "node2"],
    former,
  );
  expect(problems).toEqual([]);
  return inputs;
}

const briefly = ({ kind, what, seconds }: Condition): unknown => ({ kind, what, seconds });

describe("a guest", () => {
  it("is ready when it answers, within its own limit; what keeps it from that is looked for on the host", () => {
    const inputs = desired(guest, { ready: { port: 80, path: "/", timeoutSeconds: 7 }, vsock: "user" });
    expect(guest.readyWhen?.(inputs)).toEqual([
      {
        kind: "microvm.answers",
        what: "port 80 of guest web to answer",
        seconds: 7,
        spec: {
          dial: ["unix", "/run/torocloud-vsock-web/dial.sock"],
          port: 80,
          path: "/",
          unit: "torocloud-guest-web.service",
          console: "/var/log/torocloud/web.console.log",
          needs: [
            "torocloud-mount-cloud.service",
            "torocloud-share-web.site.socket",
            "torocloud-vsock-web.service",
          ],
          preset: "linux",
          kernel: "/srv/cloud/images/demo/kernel",
          contextId: inputs["contextId"],
        },
      },
    ]);
  });

  it("without a service is ready when it runs", () => {
    expect(guest.readyWhen?.(desired(guest, { ready: undefined }))).toEqual([]);
  });

  it("keeps what its shares' units were called by 0.1.0; a share that is new is called after guest and tag", () => {
    const share = { source: "/srv/cloud/shares/site" };
    const tagged = (...tags: string[]): Props => ({ shares: tags.map((tag) => ({ tag, share })) });
    const former = { ...desired(guest), shareNames: { site: "pages" } };
    expect(desired(guest, tagged("site", "more"), former)["shareNames"]).toEqual({
      site: "pages",
      more: "web.more",
    });
    expect(desired(guest, tagged("more"), former)["shareNames"]).toEqual({ more: "web.more" });
    expect(desired(guest, tagged("site"), {})["shareNames"]).toEqual({ site: "web.site" });
  });

  it("keeps the context identifier that it has, also one that was derived from its host; what the program says counts", () => {
    const former = { ...desired(guest), contextId: 3_039_746_899 };
    expect(desired(guest, { memoryMiB: 512 }, former)["contextId"]).toBe(3_039_746_899);
    expect(desired(guest, { contextId: 77 }, former)["contextId"]).toBe(77);
    expect(desired(guest, {}, {})["contextId"]).toBeLessThan(2 ** 31);
  });
});

describe("a forward", () => {
  it("needs a port that nobody else listens on", () => {
    expect(portForward.preconditions?.(desired(portForward))).toEqual([
      {
        kind: "microvm.port-free",
        spec: {
          address: "0.0.0.0",
          port: 8080,
          ours: "/etc/systemd/system/torocloud-forward-8080.socket",
        },
        what: "port 8080 of 0.0.0.0 to be free",
        seconds: 0,
      },
    ]);
  });

  it("is ready when its guest answers and it takes connections", () => {
    expect(portForward.readyWhen?.(desired(portForward)).map(briefly)).toEqual([
      { kind: "microvm.answers", what: "port 80 of guest web to answer", seconds: 60 },
      { kind: "microvm.forward-answers", what: "port 8080 to take connections", seconds: 20 },
    ]);
  });
});

describe("what others use stays", () => {
  it("an image that a guest starts from", () => {
    const inputs = desired(image);
    const [condition] = image.removableWhen?.(inputs) ?? [];
    expect(condition?.kind).toBe("microvm.image-unused");
    expect(inputs["kernelPath"]).toBe(`${condition?.spec["path"] as string}/kernel`);
  });

  it("a hypervisor that has guests", () => {
    expect(hypervisor.removableWhen?.(desired(hypervisor)).map(({ kind }) => kind)).toEqual([
      "microvm.hypervisor-unused",
    ]);
  });
});

it("an image without an initial file system has none that is not known yet", () => {
  expect(desired(image, { initramfs: undefined })["initramfsPath"]).toBeUndefined();
});
