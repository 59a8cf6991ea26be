import { Config } from "@pulumi/pulumi";
import { microvm } from "@torocloud/sdk";
import { shares } from "../inputs.mjs";

const config = new Config();

for (const share of shares(config.requireNumber("count"), config.require("hosts").split(","))) {
  new microvm.Share(share.name, share);
}
