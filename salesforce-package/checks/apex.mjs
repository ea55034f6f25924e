// Apex as a real parser reads it: no syntax error, and nothing named that the package does not bring.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';

import * as apex from '@apexdevtools/apex-parser';

const CLASSES = 'embed/classes';
const files = readdirSync(CLASSES).filter((name) => name.endsWith('.cls'));

/** Throws where the file is no Apex; answers its tree. */
function parse(file) {
  const text = readFileSync(join(CLASSES, file), 'utf8');
  return { text, tree: treeOf(text) };
}

function treeOf(text) {
  const parser = apex.ApexParserFactory.createParser(text, true);
  parser.removeErrorListeners();
  parser.addErrorListener(new apex.ThrowingErrorListener());
  return parser.compilationUnit();
}

/** Every node of a kind. */
function nodes(tree, kind) {
  const found = [];
  const walk = (node) => {
    if (node instanceof kind) found.push(node);
    for (const child of node.children ?? []) walk(child);
  };
  walk(tree);
  return found;
}

for (const file of files) {
  test(`${file} is Apex`, () => {
    const { text, tree } = parse(file);
    const [type] = nodes(tree, apex.ClassDeclarationContext);
    assert.equal(type.id().getText(), basename(file, '.cls'), 'a class is called as its file');
    const wrong = text.trimEnd().slice(0, -1);
    assert.throws(() => treeOf(wrong), undefined, 'the check itself notices a mistake');
  });
}

test('fields that Apex names are in the package', () => {
  const own = readdirSync('embed/objects/Tandem_Embed__mdt/fields').map((name) => name.split('.')[0]);
  const named = new Set(files.flatMap((file) => parse(file).text.match(/\w+__c\b/g) ?? []));
  assert.deepEqual([...named].sort(), own.sort());
});

test('the method that the component calls is there for it, and has tests', () => {
  const component = readFileSync('embed/lwc/tandemEmbed/tandemEmbed.js', 'utf8');
  const [, called, method] = component.match(/@salesforce\/apex\/(\w+)\.(\w+)/);
  const { text } = parse(`${called}.cls`);
  assert.match(text, new RegExp(`@AuraEnabled\\s+public static String ${method}\\(Id recordId\\)`));
  const { tree } = parse(`${called}Test.cls`);
  const tests = nodes(tree, apex.AnnotationContext).filter((note) => /^@IsTest/i.test(note.getText()));
  assert.ok(tests.length > 4, 'a class of tests, and tests in it');
});
