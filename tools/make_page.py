#!/usr/bin/env python3
"""The pages as texts: make_page.py WEB HEAD TAIL PAGE SCRIPT STYLE

HEAD and TAIL are the page of reports, before and after its data; PAGE, SCRIPT and STYLE the live page of `serve`.

WEB/report.html, its style, the packages of npm in WEB/node_modules and our scripts become one file that loads
nothing: its policy allows the one style and the one script, by their hashes. The live page loads its script and style
from where it comes from. Without the packages, with `--without`, all texts are empty: the program then says that it
has no pages.
"""
import argparse
import base64
import hashlib
import json
import pathlib
import re
import sys

# In this order they are one script; the first ones make `uPlot` and `d3`.
PACKAGES = {'uplot': 'dist/uPlot.iife.min.js', 'd3-hierarchy': 'dist/d3-hierarchy.min.js'}
PACKAGE_STYLE = ('uplot', 'dist/uPlot.min.css')
SCRIPTS = ['base', 'columns', 'thin', 'theme', 'timeline', 'chart', 'marks', 'samples', 'over-time', 'bars', 'words',
           'classes', 'history', 'treemap', 'heap', 'main']
LIVE_PACKAGES = ['uplot']
LIVE_SCRIPTS = ['base', 'thin', 'theme', 'timeline', 'chart', 'marks', 'samples', 'over-time', 'bars', 'classes',
                'live-fleet', 'live-process', 'live']


def package_text(web, package, name):
    """A file of a package below its licence."""
    folder = web / 'node_modules' / package
    wanted = json.loads((web / 'package.json').read_text())['dependencies'][package]
    found = json.loads((folder / 'package.json').read_text())['version']
    if found != wanted:
        sys.exit(f'make_page: {folder} is of version {found}, not {wanted} (npm ci --prefix web)')
    licence = (folder / 'LICENSE').read_text()
    return f'/*\n{package} {found}\n\n{licence.strip()}\n*/\n{(folder / name).read_text()}'


def hash_of(text):
    return 'sha256-' + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def make_script(web, packages, scripts):
    own = ''.join((web / 'src' / f'{name}.js').read_text() for name in scripts)
    theirs = ''.join(package_text(web, package, PACKAGES[package]) for package in packages)
    return f"{theirs}\n(() => {{\n'use strict';\n{own}}})();\n"


def make_style(web, *names):
    return package_text(web, *PACKAGE_STYLE) + '\n' + ''.join((web / name).read_text() for name in names)


def make_report(web):
    script = make_script(web, PACKAGES, SCRIPTS)
    style = make_style(web, 'report.css')
    for text in (script, style):
        if re.search(r'</(script|style)|<!--', text, re.IGNORECASE):
            sys.exit('make_page: a script or style would end itself')
    policy = (f"default-src 'none'; script-src '{hash_of(script)}'; style-src '{hash_of(style)}'; "
              "base-uri 'none'; form-action 'none'")
    page = (web / 'report.html').read_text()
    for place, text in (('@POLICY@', policy), ('@STYLE@', style), ('@SCRIPT@', script)):
        if page.count(place) != 1:
            sys.exit(f'make_page: report.html must have one {place}')
        page = page.replace(place, text)
    return page.split('@DATA@\n')


def make_live(web):
    return [(web / 'live.html').read_text(), make_script(web, LIVE_PACKAGES, LIVE_SCRIPTS),
            make_style(web, 'report.css', 'live.css')]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--without', action='store_true')
    parser.add_argument('web', type=pathlib.Path)
    parser.add_argument('texts', type=pathlib.Path, nargs=5)
    args = parser.parse_args()
    texts = [''] * 5 if args.without else [*make_report(args.web), *make_live(args.web)]
    for place, text in zip(args.texts, texts):
        place.write_text(text)


main()
