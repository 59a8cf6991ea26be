import { Config, dynamic } from "@pulumi/pulumi";
import { guests } from "../inputs.mjs";

const config = new Config();

/** What is least for a dynamic provider: the engine compares the inputs by itself. */
const nothing = {
  create: async (inputs) => ({ id: inputs.name, outs: inputs }),
};

for (const one of guests(config.requireNumber("count"), config.require("hosts").split(","))) {
  new dynamic.Resource(nothing, one.name, one, undefined, "torocloud", "Nothing");
}
