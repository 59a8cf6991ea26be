/** What a script that is ended said last on standard error, for the sentence about its end. */
export class LastWords {
  private progress = "";
  private step = "";

  /** One line; `ending` once the script may have been told to end, when its trap says what it was at. */
  take(line: string, ending: boolean): void {
    if (ending ? /^while \S/.test(line) : line.startsWith("= ")) this.step = line.replace(/^(= |while )/, "");
    else if (!ending && line.trim() !== "") this.progress = line.replace(/^@ /, "");
  }

  /** "while making ...", or nothing when it did not say. */
  get doing(): string {
    return this.step && `while ${this.step}`;
  }

  /** The last line before it was told to end, in words. */
  get said(): string {
    return this.progress === "" ? "it wrote nothing to standard error" : `its last words: ${this.progress}`;
  }
}
