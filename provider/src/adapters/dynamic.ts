import type { dynamic } from "@pulumi/pulumi";
import type { Props } from "../lifecycle/define-resource.ts";

/** What Pulumi's dynamic provider needs of {@link file://./dynamic-lifecycle.ts}; spelled out, so that nothing is captured. */
interface Package {
  readonly dynamicLifecycle: (type: string) => Required<dynamic.ResourceProvider>;
}

/**
 * Pulumi writes the source of this object into the state of every resource. So it holds one string, and imports the
 * real code by name inside the methods: a module captured from outside would travel with it.
 */
export function dynamicProvider(type: string): dynamic.ResourceProvider {
  const lifecycle = async (): Promise<Required<dynamic.ResourceProvider>> => {
    const name = "@torocloud/provider";
    return ((await import(name)) as Package).dynamicLifecycle(type);
  };
  return {
    check: async (olds: Props, news: Props) => (await lifecycle()).check(olds, news),
    diff: async (id, olds: Props, news: Props) => (await lifecycle()).diff(id, olds, news),
    create: async (inputs: Props) => (await lifecycle()).create(inputs),
    read: async (id, props?: Props) => (await lifecycle()).read(id, props),
    update: async (id, olds: Props, news: Props) => (await lifecycle()).update(id, olds, news),
    delete: async (id, props: Props) => {
      await (await lifecycle()).delete(id, props);
    },
  };
}
