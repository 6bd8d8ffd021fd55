// Pictures: their text is recognised by tesseract.js where the application has installed it, with the language data that is installed too; nothing is fetched.
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { messageOf } from "../../core/index.ts"
import { ExtractedText } from "./extracted.ts"
import { DocumentError, type ParsedDocument, type ParseLimits } from "./types.ts"

/** As much of the optional package as is used here. */
interface Recogniser {
  recognize(image: Buffer, options: object, output: { text: true }): Promise<{ data: { text: string } }>
  terminate(): Promise<unknown>
}
interface Tesseract {
  createWorker(
    languages: readonly string[],
    engine: number,
    options: { langPath: string; cacheMethod: "none"; gzip: boolean; errorHandler: (error: unknown) => void },
  ): Promise<Recogniser>
}

export const imageTypes: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/bmp", "image/webp", "image/gif"])
const recogniserPackage = "tesseract.js"
const languagePackage = "@tesseract.js-data/eng"
const command = `npm install ${recogniserPackage}@7.0.0 ${languagePackage}@1.0.0`
const lstmOnly = 1

/** `from` are files beside whose packages it is looked for: this one, and the application's folder. */
export async function parseImage(
  bytes: Uint8Array,
  filename: string,
  mediaType: string,
  limits: ParseLimits,
  from: readonly string[] = [import.meta.url, join(process.cwd(), "package.json")],
): Promise<ParsedDocument> {
  const found = from.map(installed).find((each) => each !== undefined)
  if (found === undefined) {
    throw new DocumentError(
      "unsupported_file",
      `The file '${filename}' is ${mediaType} by its content. To read the text of pictures, install in the application's folder: ${command}`,
    )
  }
  const text = new ExtractedText(limits)
  for (const paragraph of (await recognised(found, bytes, filename)).split(/\n\s*\n/)) text.block(paragraph.replace(/\s*\n\s*/g, " "))
  return text.finished(mediaType)
}

interface Installed {
  tesseract: Tesseract
  /** Where the data of each language lies, by its code. */
  languages: ReadonlyMap<string, string>
}

function installed(from: string): Installed | undefined {
  const require = createRequire(from)
  try {
    const folder = dirname(dirname(require.resolve(`${languagePackage}/package.json`)))
    const files = readdirSync(folder).map((code) => [code, join(folder, code, "4.0.0_best_int", dataFile(code))] as const)
    const languages = new Map(files.filter(([, file]) => existsSync(file)))
    return { tesseract: require(recogniserPackage) as Tesseract, languages } // the shape above is what version 7 exports
  } catch {
    return undefined
  }
}

function dataFile(code: string): string {
  return `${code}.traineddata.gz`
}

async function recognised({ tesseract, languages }: Installed, bytes: Uint8Array, filename: string): Promise<string> {
  const broken = (error: unknown): DocumentError =>
    new DocumentError("invalid_file", `The text of the picture '${filename}' cannot be recognised: ${messageOf(error).slice(0, 200)}.`)
  // Each language is a package of its own, and one folder is asked for.
  const langPath = mkdtempSync(join(tmpdir(), "perdure-ocr-"))
  try {
    for (const [code, file] of languages) symlinkSync(file, join(langPath, dataFile(code)))
    // It reports what goes wrong twice, once to this handler; without one it would end the thread.
    const options = { langPath, cacheMethod: "none", gzip: true, errorHandler: () => undefined } as const
    const recogniser = await tesseract.createWorker([...languages.keys()], lstmOnly, options)
    try {
      return (await recogniser.recognize(Buffer.from(bytes), {}, { text: true })).data.text
    } finally {
      await recogniser.terminate()
    }
  } catch (error) {
    throw broken(error)
  } finally {
    rmSync(langPath, { recursive: true, force: true })
  }
}
