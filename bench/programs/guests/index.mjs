import { Config } from "@pulumi/pulumi";
import { microvm } from "@torocloud/sdk";
import { guests } from "../inputs.mjs";

const config = new Config();

for (const guest of guests(config.requireNumber("count"), config.require("hosts").split(","))) {
  new microvm.Guest(guest.name, guest);
}
