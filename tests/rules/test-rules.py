#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every rule that ships is complete, has a fixture, and finds it.

    test-rules.py WARD RULES

Disguised fixtures (a comment inside a call, a word in pieces, text in base64) must be out of reach
of plain YARA, so that their being found shows what the engine's readers add.
"""
import ast
import importlib.machinery
import importlib.util
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
DISGUISED = {'comments', 'quotes', 'split', 'ticks', 'wrapped'}
TEXTS = ('threat_name', 'severity', 'description', 'reference', 'attack', 'author')
SEVERITIES = {'critical', 'high', 'medium', 'low'}
WARD, RULES = '', pathlib.Path()


def load_fixture_tool():
    loader = importlib.machinery.SourceFileLoader('fixture', str(HERE / 'fixture'))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('fixture', loader))
    loader.exec_module(module)
    return module


def read_rules():
    """name -> metadata, of the rules that are not private."""
    rules = {}
    for path in sorted(RULES.glob('*.yar')):
        text = path.read_text()
        for m in re.finditer(r'^rule (\w+)[^\n{]*\n\{\n(.*?)^\}', text, re.M | re.S):
            meta = re.search(r'\tmeta:\n((?:\t\t\w+ = [^\n]+\n)*)', m[2])
            pairs = re.findall(r'\t\t(\w+) = ([^\n]+)', meta[1] if meta else '')
            assert m[1] not in rules, f'two rules are called {m[1]}'
            rules[m[1]] = {k: v if v in ('true', 'false') else ast.literal_eval(v)
                           for k, v in pairs}
    return rules


class Rules(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.tool = load_fixture_tool()
        cls.rules = read_rules()
        cls.dir = pathlib.Path(tempfile.mkdtemp(prefix='ward-rules-'))
        cls.addClassCleanup(shutil.rmtree, cls.dir)
        cls.names = cls.tool.decode_all(cls.dir)
        run = subprocess.run([WARD, 'scan', '--no-default-intel', '--rules', RULES, '--json',
                              '--all-matches', '--no-progress', cls.dir],
                             capture_output=True, text=True)
        assert run.returncode == 1, f'ward scan ended with {run.returncode}: {run.stderr}'
        cls.files = {}
        for line in run.stdout.splitlines():
            event = json.loads(line)
            if event['event'] == 'file':
                cls.files[pathlib.Path(event['path']).name] = event

    def hits(self, name):
        return {f['rule']: f for f in self.files.get(name, {'findings': []})['findings']}

    def test_every_rule_is_counted(self):
        lines = sum(len(re.findall(r'^(?:global )?rule ', p.read_text(), re.M))
                    for p in RULES.glob('*.yar'))
        self.assertEqual(len(self.rules), lines)
        self.assertGreaterEqual(lines, 80)

    def test_metadata_is_complete(self):
        for name, meta in self.rules.items():
            with self.subTest(rule=name):
                for key in TEXTS:
                    self.assertTrue(isinstance(meta.get(key), str) and meta[key], key)
                self.assertIn(meta['severity'], SEVERITIES)
                self.assertRegex(meta['threat_name'], r'^[A-Za-z0-9]+(\.[A-Za-z0-9]+)+$')
                self.assertRegex(meta['reference'], r'^https://\S+$')
                self.assertRegex(meta['attack'], r'^(none|T\d{4}(\.\d{3})?(, T\d{4}(\.\d{3})?)*)$')

    def test_fixtures_belong_to_rules(self):
        self.assertEqual([n for n in self.names if n.split('+')[0] not in self.rules], [])
        self.assertEqual(sorted(set(self.rules) - set(self.names)), [], 'rules without a fixture')

    def test_fixtures_are_found(self):
        for name in self.names:
            rule = name.split('+')[0]
            with self.subTest(fixture=name):
                found = self.hits(name)
                self.assertIn(rule, found)
                meta = self.rules[rule]
                bad = meta['severity'] in ('critical', 'high') and meta.get('pua') != 'true'
                self.assertEqual(found[rule]['verdict'], 'malicious' if bad else 'suspicious')
                self.assertEqual(found[rule]['threat'], meta['threat_name'])

    def test_plain_yara_does_not_see_through_disguises(self):
        if not shutil.which('yara'):
            self.skipTest('no yara command')
        disguised = [n for n in self.names if n.partition('+')[2] in DISGUISED]
        self.assertGreaterEqual(len(disguised), 5)
        sources = [f'{p.stem}:{p}' for p in sorted(RULES.glob('*.yar'))]
        run = subprocess.run(['yara', '-w', *sources, self.dir], capture_output=True, text=True,
                             check=True)
        seen = {(pathlib.Path(p).name, r) for r, p in
                (line.split(' ', 1) for line in run.stdout.splitlines())}
        for name in self.names:
            with self.subTest(fixture=name):
                self.assertEqual((name, name.split('+')[0]) in seen, name not in disguised)

    def test_yara_has_no_warnings(self):
        if not shutil.which('yarac'):
            self.skipTest('no yarac command')
        for path in sorted(RULES.glob('*.yar')):
            run = subprocess.run(['yarac', path, '/dev/null'], capture_output=True, text=True)
            self.assertEqual((run.returncode, run.stderr), (0, ''), path)

    def test_our_own_files_are_not_found(self):
        """The rules' text and the encoded fixtures."""
        run = subprocess.run([WARD, 'scan', '--no-default-intel', '--rules', RULES, '--json',
                              '--no-progress', RULES, HERE], capture_output=True, text=True)
        found = [line for line in run.stdout.splitlines()
                 if json.loads(line).get('findings')]
        self.assertEqual((found, run.returncode), ([], 0), run.stderr)


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    WARD, RULES = sys.argv[1], pathlib.Path(sys.argv[2])
    unittest.main(argv=sys.argv[:1])
