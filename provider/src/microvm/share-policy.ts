import { z } from "zod";
import { AbsolutePath, Numeral } from "../validation/schemas.ts";

const Id = (what: string): z.ZodType<number> => Numeral(what, { min: 0, max: 4_294_967_294 });

/** How a directory is served to a guest. */
export const sharePolicy = {
  source: AbsolutePath.describe(
    "The directory on the hosts. Locks of files hold within one guest only: two guests that lock the same file both get it.",
  ),
  readOnly: z.boolean().default(false).describe("Whether the guest may only read."),
  cache: z
    .enum(["never", "metadata", "auto", "always"])
    .default("auto")
    .describe(
      "How much the guest may cache; more than auto only where nobody else writes. None makes locks reach other guests.",
    ),
  ids: z
    .strictObject({
      user: Id("the number of a user").describe("The user, by number."),
      group: Id("the number of a group").describe("The group, by number."),
    })
    .optional()
    .describe(
      "To whom all belongs that a guest makes there, whoever made it in the guest, which sees it as root's; left out, the guest's numbers are kept.",
    ),
};

export type SharePolicy = z.output<z.ZodObject<typeof sharePolicy>>;
