// The package as Salesforce's own library reads and converts it, without an org.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, test } from 'node:test';

import { XMLParser } from 'fast-xml-parser';
import sdr from '@salesforce/source-deploy-retrieve';

const { ComponentSet, MetadataConverter, ZipTreeContainer } = sdr;
const PARTS = [
  { name: 'embed', manifest: 'manifest/package.xml' },
  { name: 'client-app', manifest: 'manifest/client-app.xml' },
];
const folder = mkdtempSync(join(tmpdir(), 'package-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The names of all components, those inside objects included. */
function names(set) {
  const all = [...set.getSourceComponents()].flatMap((one) => [one, ...one.getChildren()]);
  const known = all.filter((one) => one.type.name !== 'CustomObject' || one.xml);
  return [...new Set(known.map((one) => `${one.type.name}:${one.fullName}`))].sort();
}

/** The names in a manifest. */
function listed(file) {
  const { Package } = new XMLParser({ isArray: (name) => ['types', 'members'].includes(name) }).parse(
    readFileSync(file, 'utf8'),
  );
  return Package.types.flatMap(({ name, members }) => members.map((member) => `${name}:${member}`)).sort();
}

/** Every file under a folder. */
function filesOf(root, at = root) {
  return readdirSync(at).flatMap((name) => {
    const path = join(at, name);
    return statSync(path).isDirectory() ? filesOf(root, path) : [relative(root, path)];
  });
}

/** A file's content in a form in which only what counts differs: children in any order, no spaces between. */
function meaning(path, text) {
  if (!/\.(xml|object|md|permissionset|cspTrustedSite|eca|ecaGlblOauth|ecaOauth)$/.test(path)) return text.trim();
  const tree = new XMLParser({ ignoreAttributes: false, ignoreDeclaration: true }).parse(text);
  const sorted = (value) => {
    if (Array.isArray(value)) return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
  };
  return JSON.stringify(sorted(tree));
}

for (const { name, manifest } of PARTS) {
  test(`${name}: the manifest lists what is there`, () => {
    assert.deepEqual(names(ComponentSet.fromSource(name)), listed(manifest));
  });

  test(`${name}: Salesforce's converter makes the metadata format of it`, async () => {
    const set = ComponentSet.fromSource(name);
    const to = { type: 'directory', outputDirectory: folder, packageName: name, genUniqueDir: false };
    await new MetadataConverter().convert(set, 'metadata', to);
    const files = filesOf(join(folder, name));
    assert.ok(files.includes('package.xml'), files.join(', '));
    assert.ok(!files.some((file) => file.includes('__tests__')), 'tests stay at home');
  });
}

test('uninstalling takes away all of it', () => {
  const gone = listed('manifest/destructiveChanges.xml');
  // What lives inside the type goes with it.
  const inside = (one) => /:Tandem_Embed(__mdt)?\./.test(one);
  assert.deepEqual(gone, listed('manifest/package.xml').filter((one) => !inside(one)));
});

// The program makes the same packages without Salesforce's library; TANDEM names it.
for (const { name } of PARTS) {
  test(`${name}: the program's package is the same`, { skip: !process.env.TANDEM && 'TANDEM names no program' }, async () => {
    const url = 'https://sync.lantern.example';
    const file = join(folder, `${name}.zip`);
    const org = ['--data', join(folder, 'data'), '--org', '00D000000000001AAA'];
    execFileSync(process.env.TANDEM, ['package', name, '--url', url, '--out', file, ...org]);
    const tree = await ZipTreeContainer.create(readFileSync(file));
    const walk = (at) =>
      tree.readDirectory(at).flatMap((own) => {
        const path = at === '.' ? own : `${at}/${own}`;
        return tree.isDirectory(path) ? walk(path) : [path];
      });
    const ours = walk('.').sort();
    // The secret is this data folder's own.
    const record = ours.find((path) => path.endsWith('Tandem_Embed.Default.md'));
    const secret = record && (await tree.readFile(record)).toString().match(/[0-9a-f]{64}/)[0];
    const theirs = filesOf(join(folder, name)).sort();
    assert.deepEqual(ours, theirs);
    for (const path of ours.filter((path) => path !== 'package.xml')) {
      const own = (await tree.readFile(path)).toString();
      const filled = [['https://tandem.example', url], ['set-when-deployed', secret ?? '']];
      const theirOwn = readFileSync(join(folder, name, path), 'utf8');
      const wanted = filled.reduce((text, [from, to]) => text.replaceAll(from, to), theirOwn);
      assert.equal(meaning(path, own), meaning(path, wanted), path);
    }
    writeFileSync(join(folder, `${name}.xml`), await tree.readFile('package.xml'));
    assert.deepEqual(listed(join(folder, `${name}.xml`)), listed(PARTS.find((part) => part.name === name).manifest));
  });
}
