// The text of pictures: recognised by tesseract.js where the application has installed it, with the language data that is installed too; nothing is fetched.
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

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

const recogniserPackage = "tesseract.js"
const languagePackage = "@tesseract.js-data/eng"
export const ocrCommand = `npm install ${recogniserPackage}@7.0.0 ${languagePackage}@1.0.0`
const lstmOnly = 1
/** What is decoded lies outside of any heap that is watched, so a picture that unpacks to more is not read. A page at 600 dots per inch has 35 million. */
export const picturePixelsMax = 50_000_000

/** Reads one picture after the other; end it, since it holds a thread. */
export interface PictureReader extends AsyncDisposable {
  /** A picture as a file: PNG, JPEG, BMP, WebP, GIF, PGM, PPM. Its paragraphs. */
  paragraphs(picture: Uint8Array): Promise<string[]>
}

/** Files beside whose packages it is looked for: this one, and the application's folder. */
export type LookFrom = readonly string[]
const here = (): LookFrom => [import.meta.url, join(process.cwd(), "package.json")]

/** Undefined where it is not installed. */
export async function openPictureReader(from: LookFrom = here()): Promise<PictureReader | undefined> {
  const found = from.map(installed).find((each) => each !== undefined)
  return found && openReader(found)
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

async function openReader({ tesseract, languages }: Installed): Promise<PictureReader> {
  // Each language is a package of its own, and one folder is asked for.
  const langPath = mkdtempSync(join(tmpdir(), "perdure-ocr-"))
  const removeFolder = (): void => rmSync(langPath, { recursive: true, force: true })
  try {
    for (const [code, file] of languages) symlinkSync(file, join(langPath, dataFile(code)))
    // It reports what goes wrong twice, once to this handler; without one it would end the thread.
    const options = { langPath, cacheMethod: "none", gzip: true, errorHandler: () => undefined } as const
    const recogniser = await tesseract.createWorker([...languages.keys()], lstmOnly, options)
    return {
      async paragraphs(picture) {
        const { data } = await recogniser.recognize(Buffer.from(picture), {}, { text: true })
        return data.text.split(/\n\s*\n/).flatMap((paragraph) => paragraph.replace(/\s*\n\s*/g, " ").trim() || [])
      },
      async [Symbol.asyncDispose]() {
        removeFolder()
        await recogniser.terminate()
      },
    }
  } catch (error) {
    removeFolder()
    throw error
  }
}
