import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A piece of shell that calls the AWS CLI: a block of a document, a command in a sentence, or a line of a command. */
export type DocumentedScript = {
  /** `.github/RUNBOOK.md:95` */
  place: string;
  /** With `<placeholders>`. */
  script: string;
};

const root = join(import.meta.dirname, '../..');
const callsAws = /(^|\$\(|\| )\s*aws [a-z]/m;

/** Every one of all documents, and of what the commands print. */
export function documentedScripts(): DocumentedScript[] {
  return allScripts().filter(({ script }) => callsAws.test(script));
}

function allScripts(): DocumentedScript[] {
  const documents = ['.', '.github', 'bin', 'functions', 'lib'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  );
  const programs = ['bin', 'lib'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
  return [...documents.flatMap(scriptsOfDocument), ...programs.flatMap(scriptsOfProgram)];
}

/** The script that has `text`, of one document, even if it calls the CDK CLI alone. @throws Error unless there is exactly one */
export function documentedScript(file: string, text: string): string {
  const found = allScripts().filter(({ place, script }) => place.startsWith(file) && script.includes(text));
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} scripts of ${file} have ${text}`);
  return found[0].script;
}

/** A script with a value for each placeholder. @throws Error that names a placeholder without one */
export function fillIn(script: string, values: Readonly<Record<string, string>>): string {
  return script.replaceAll(/<([A-Za-z][\w -]*)>/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`Say here what <${name}> stands for`);
    return value;
  });
}

function scriptsOfDocument(file: string): DocumentedScript[] {
  const text = readFileSync(join(root, file), 'utf8');
  const blocks = /^( *)```(\w*)\n(.*?)^\1```$/gms;
  const inBlocks = [...text.matchAll(blocks)]
    .filter(([, , language]) => language === 'sh')
    .map(({ index, 3: script = '' }, at, all) => ({
      index,
      script: withVariables(script, all[at - 1]?.[3] ?? ''),
    }));
  // Blanked, so that places stay the same.
  const prose = text.replaceAll(blocks, (block) => block.replaceAll(/[^\n]/g, ' '));
  const inProse = [...prose.matchAll(/`(aws [^`]+)`/g)].map(({ index, 1: script = '' }) => ({
    index,
    script: script.replaceAll(/\s+/g, ' '),
  }));
  return [...inBlocks, ...inProse].map(({ index, script }) => ({
    place: placeOf(file, text, index),
    script,
  }));
}

/** A block goes on where the block before it ended, if it uses a variable of that one. */
function withVariables(script: string, before: string): string {
  const set = (text: string) => [...text.matchAll(/^(\w+)=/gm)].map(([, name]) => name);
  const used = [...script.matchAll(/\$(\w+)/g)].map(([, name]) => name);
  return used.some((name) => set(before).includes(name) && !set(script).includes(name))
    ? before + script
    : script;
}

/** What a program prints: the variables of the template become placeholders. */
function scriptsOfProgram(file: string): DocumentedScript[] {
  const source = readFileSync(join(root, file), 'utf8');
  const commands = source.matchAll(/(?:\$\{(?:\w+\.)?awsCli\}|\baws) ([a-z]+ [a-z]+-.*)`/g);
  return [...commands].map(({ index, 1: command = '' }) => ({
    place: placeOf(file, source, index),
    script: `aws ${command.replaceAll(/\$\{awsCli\}/g, 'aws').replaceAll(/\$\{(\w+)\}/g, '<$1>')}`,
  }));
}

const placeOf = (file: string, text: string, index: number) =>
  `${file}:${text.slice(0, index).split('\n').length}`;
