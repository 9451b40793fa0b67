#!/usr/bin/env python3
"""core/rewrite against tests/lib/rewrite_reference.py: known mitigations, recorded requests, random rules.

usage: test_rewrite_differential.py PROGRAM [--seed N] [--count N]
Every case runs through both; rows of the table must give the outcome written there. Requests recorded elsewhere are read
from $STOPGAP_DATA, or ../shared/data beside the sources, where that is there; it says when they are skipped.
"""
import argparse
import collections
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
from xml.sax.saxutils import quoteattr

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(SOURCES, 'tests', 'lib'))
import rewrite_reference as reference  # noqa: E402

Case = collections.namedtuple('Case', 'label rules method uri headers https base header type value expected')


def case(label, rules, uri, expected=None, method='GET', headers=(), https=False, base=None, header=None, type=None,
         value=None):
    return Case(label, rules, method, uri, tuple(headers), https, base, header, type, value, expected)


# ---------------------------------------------------------------- the mitigations that are known

def refuse(name, source, pattern, stop=True, action='<action type="AbortRequest"/>'):
    return ('<rule name=%s%s><match url=".*"/><conditions><add input=%s pattern=%s/></conditions>%s</rule>'
            % (quoteattr(name), ' stopProcessing="true"' if stop else '', quoteattr(source), quoteattr(pattern), action))


def rules(*text):
    return '<rewrite><rules>%s</rules></rewrite>' % ''.join(text)


URI, DECODED, BLANK = '{REQUEST_URI}', '{UrlDecode:{REQUEST_URI}}', '{UrlDecode: {REQUEST_URI}}'
M1 = [
    rules(refuse('PowerShell - inbound', URI, r'.*autodiscover\.json.*\@.*Powershell.*', False)),
    rules(refuse('PowerShell - inbound', URI, r'.*autodiscover\.json.*Powershell.*')),
    rules(refuse('PowerShell - inbound', BLANK, r'.*autodiscover\.json.*Powershell.*')),
    rules(refuse('PowerShell - inbound', DECODED, r'.*autodiscover\.json.*Powershell.*')),
    rules(refuse('PowerShell - inbound', DECODED, r'(?=.*autodiscover)(?=.*powershell)')),
]
COOKIES = rules(refuse('X-AnonResource-Backend Abort - inbound', '{HTTP_COOKIE}', '(.*)X-AnonResource-Backend(.*)', False),
                refuse('X-BEResource Abort - inbound', '{HTTP_COOKIE}', '(.*)X-BEResource=(.+)/(.+)~(.+)'))
M2 = '''<rewrite><outboundRules><preConditions><preCondition name="shell" logicalGrouping="MatchAll">
<add input="{RESPONSE_CONTENT_TYPE}" pattern="^text/html"/>
<add input="{REQUEST_URI}" pattern="^/owa/?($|\\?|default\\.aspx|projection\\.aspx|readingPane\\.aspx|popout\\.aspx)"/>
</preCondition></preConditions>
<rule name="csp" preCondition="shell" stopProcessing="false">
<match serverVariable="RESPONSE_Content_Security_Policy" pattern="(.*)"/>
<action type="Rewrite" value="{R:1}; script-src-attr 'none'"/></rule></outboundRules></rewrite>'''
UPLOAD = '''<rewrite><globalRules><rule name="upload" stopProcessing="true"><match url="(^|/)upload\\.ashx$"/>
<action type="CustomResponse" statusCode="403" statusReason="Forbidden" statusDescription="x"/></rule></globalRules></rewrite>'''

# The table of revisions: one column per entry of M1, B refuses and - serves.
VECTORS = [
    ('/autodiscover/autodiscover.json?@evil.example/PowerShell/?X-Rps-CAT=x', 'BBBBB'),
    ('/autodiscover/autodiscover.json?@evil.example/powershell/', 'BBBBB'),
    ('/autodiscover/autodiscover.json?a%40evil.example/PowerShell/', '-BBBB'),
    ('/autodiscover/autodiscover.json?a=b@c.example&Protocol=%50owershell', '--BBB'),
    ('/autodiscover/autodiscover%2ejson?@evil.example/PowerShell/', '--BBB'),
    ('/%61utodiscover/autodiscover%2ejson?a=u@example.test/power%73hell/', '--BBB'),
    ('/powershell/?x=y&Email=autodiscover/autodiscover.json', '----B'),
    ('/autodiscover/autodiscover%252ejson?@evil.example/PowerShell/', '----B'),
    ('/autodiscover/autodiscover%252ejson?@evil.example/%2550owerShell/', '-----'),
    ('/autodiscover/autodiscover.json?@evil.example/%2550owershell/', '-----'),
    ('/autodiscover/autodiscover.json?@evil.example/%0a/PowerShell/', 'BB---'),
    ('/Autodiscover/Autodiscover.xml', '-----'),
    ('/autodiscover/autodiscover.json?Email=user%40contoso.example&Protocol=ActiveSync', '-----'),
    ('/PowerShell?serializationLevel=Full;ExchClientVer=15.2', '-----'),
    ('/PowerShell?TargetServer=autodiscover.contoso.example', '----B'),
    ('/owa/mailbox%40contoso.example/powershell', '-----'),
]


def known_cases():
    for uri, row in VECTORS:
        for i, letter in enumerate(row):
            yield case('M1 revision %d' % (i + 1), M1[i], uri, 'refused' if letter == 'B' else 'served', 'POST')
    for cookie, expected in [
            ('X-AnonResource=true; X-AnonResource-Backend=attacker.example/ecp/default.flt?~3;', 'refused'),
            ('x-anonresource-backend=a', 'refused'),
            ('X-BEResource=Admin@exch01:444/ecp/proxyLogon.ecp?a=~1942062522', 'refused'),
            ('X-BEResource=localhost~1942062522', 'served'), ('PrivateComputer=true; PBack=0', 'served'),
            ('X-AnonResource=true', 'served')]:
        yield case('cookies', COOKIES, '/ecp/y.js', expected, 'POST', [('Cookie', cookie)])
        halves = cookie.partition('; ')
        if halves[2]:
            yield case('cookies in two headers', COOKIES, '/ecp/y.js', expected, 'POST',
                       [('Cookie', halves[0]), ('cookie', halves[2])])
    yield case('no cookie', COOKIES, '/owa/auth/x.js', 'served')
    yield case('global', UPLOAD, '/portal/Upload.ashx?x=1', 'refused', 'POST')
    yield case('global', UPLOAD, '/upload%2eashx', 'refused')
    yield case('global', UPLOAD, '/download.ashx?f=upload.ashx', 'served')
    csp = dict(header='Content-Security-Policy')
    for uri, kind, value, expected in [
            ('/owa/', 'text/html; charset=utf-8', "default-src 'self'", "default-src 'self'; script-src-attr 'none'"),
            ('/owa', 'text/html', None, "; script-src-attr 'none'"),
            ('/owa/?bO=1', 'text/html', 'x', "x; script-src-attr 'none'"),
            ('/OWA/default.aspx', 'TEXT/HTML', 'x', "x; script-src-attr 'none'"),
            ('/owa/popout.aspx?a', 'text/html', 'x', "x; script-src-attr 'none'"),
            ('/owa/auth/logon.aspx', 'text/html', 'x', 'x'), ('/owa/', 'application/json', 'x', 'x'),
            ('/owa/', 'application/json', None, None), ('/owa/', None, 'x', Ellipsis)]:
        yield case('M2', M2, uri, ('unknown', None) if expected is Ellipsis else ('served', expected), type=kind, value=value,
                   **csp)
    yield case('M2 leaves other headers', M2, '/owa/', ('served', 'y'), type='text/html', value='y', header='X-Frame-Options')


# ---------------------------------------------------------------- requests recorded elsewhere

def recorded_cases():
    folder = os.environ.get('STOPGAP_DATA') or os.path.join(os.path.dirname(SOURCES), 'shared', 'data')
    name = os.path.join(folder, 'requests.tsv')
    if not os.path.exists(name):
        print('SKIP recorded requests: no %s (set STOPGAP_DATA)' % os.path.basename(name))
        return
    with open(name, newline='', encoding='utf-8') as f:
        for row in csv.DictReader(f, delimiter='\t'):
            headers = [tuple(row['headers'].split(': ', 1))] if row['headers'] else []
            for text in M1 + [COOKIES, UPLOAD]:
                yield case('recorded ' + row['label'], text, row['url'], None, row['method'], headers)
            if row['label'] == 'benign':
                yield case('recorded ' + row['label'], COOKIES, row['url'], 'served', row['method'], headers)
            if row['label'] in ('CVE-2021-26855', 'CVE-2021-27065'):
                yield case('recorded ' + row['label'], COOKIES, row['url'], 'refused', row['method'], headers)


# ---------------------------------------------------------------- random rules

class Random(random.Random):
    def often(self, p):
        return self.random() < p

    def atom(self):
        return self.choice(['a', 'b', 'ab', 'owa', 'x', '/', r'\.', '[a-c]', '[^/]', r'\d', r'\w', r'[^/]+', '.', '%41', '-',
                            r'\?', '=', 'A'])

    def pattern(self, depth=0):
        parts = []
        for _ in range(self.randint(1, 3)):
            part = self.atom()
            if self.often(.3):
                part = '(' + part + ')' if len(part) == 1 or part[0] in '[\\' else part
            if (len(part) == 1 or part[0] in '([\\') and part[-1] not in '+*' and self.often(.35):
                part += self.choice(['*', '+', '?', '{2}', '{1,3}', '*?', '+?'])
            parts.append(part)
        text = ''.join(parts)
        if depth < 2 and self.often(.3):
            text = self.choice(['(%s)', '(?:%s)', '(?=.*%s)', '(?!%s)']) % self.pattern(depth + 1) + text
        if self.often(.2):
            text += '|' + self.atom()
        if self.often(.2):
            text = '^' + text
        if self.often(.15):
            text += '$'
        if depth == 0 and self.often(.02):
            text = self.choice(['*', '(?<=a)b', '(?i)a', 'a++', '(', r'\Aa', 'a)', '(*COMMIT)a'])
        if depth or '*' == text or self.often(.5):
            return text
        return self.choice(['.*', '(.*)', '^(.*)$', '(.)(.*)', '^(.)', '([^/]*)/?(.*)', '^(?:([a-z]+)/?)?', '(/)|(.)', '.+', 'a|b|/'])

    def wildcard(self):
        return ''.join(self.choice(['*', '?', 'a', 'owa', '/', '.', 'x', '+', '(', '\\']) for _ in range(self.randint(1, 5)))

    def match_text(self, syntax):
        if syntax == 'ECMAScript':
            return self.pattern()
        return self.wildcard() if syntax == 'Wildcard' else self.choice(['a/b', 'OWA/', 'x', 'on', '', 'owa/a.b', 'GET'])

    def source(self, deep=0):
        if deep < 2 and self.often(.25):
            return '{%s:%s}' % (self.choice(['ToLower', 'UrlDecode', 'UrlEncode', 'HtmlEncode', 'urldecode', 'm', 'nomap']),
                                self.choice(['', ' ']) + self.source(deep + 1))
        return self.choice(['{REQUEST_URI}', '{URL}', '{QUERY_STRING}', '{HTTP_HOST}', '{HTTPS}', '{REQUEST_METHOD}', '{R:0}',
                            '{R:1}', '{C:0}', '{C:1}', '{C:2}', '{HTTP_COOKIE}', '{HTTP_X_FOO}', '{SERVER_PORT}', '{PATH_INFO}',
                            '{http_x_foo}', '{UNENCODED_URL}', '{MINE}', 'a/{R:1}', 'plain', '{m:{R:0}}', 'a{URL}?{QUERY_STRING}',
                            '{REMOTE_ADDR}' if self.often(.2) else 'a/b'])

    def bools(self, **p):
        return ''.join(' %s="%s"' % (name, self.choice(['true', 'false'])) for name, q in p.items() if self.often(q))

    def conditions(self, syntax):
        if self.often(.3):
            return ''
        text = ''
        for _ in range(self.randint(1, 3)):
            kind = ' matchType="IsFile"' if self.often(.05) else ''
            text += '<add%s input=%s pattern=%s%s/>' % (kind, quoteattr(self.source()), quoteattr(self.match_text(syntax)),
                                                       self.bools(negate=.2, ignoreCase=.2))
        group = ' logicalGrouping="%s"' % self.choice(['MatchAny', 'MatchAll', 'matchany']) if self.often(.4) else ''
        return '<conditions%s%s>%s</conditions>' % (group, self.bools(trackAllCaptures=.3), text)

    def target(self):
        return self.choice(['a/b', '/owa/{R:1}', 'x?y=1', '/z{QUERY_STRING}', '{R:1}/{C:1}', '{ToLower:{R:0}}', '/a{HTTP_X_FOO}', 'c{C:0}', '/c/{C:1}-{C:2}', '/d/{C:3}',
                            'r/{R:0}', '/b', 'owa/x',
                            'http://other.example/{R:0}', '/b/{m:{R:0}}', '{UrlEncode:{R:0}}', '/{R:2}?{C:0}'])

    def action(self):
        return self.choice([
            '<action type="None"/>', '<action type="AbortRequest"/>', '',
            '<action type="CustomResponse" statusCode="%d" subStatusCode="%d"/>' % (self.choice([200, 299, 403, 404, 503]),
                                                                                   self.randint(0, 9)),
            '<action type="Redirect" url=%s%s redirectType="%s"/>' % (
                quoteattr(self.target()), self.bools(appendQueryString=.4),
                self.choice(['Permanent', 'Found', 'SeeOther', 'temporary'])),
            '<action type="Rewrite" url=%s%s/>' % (quoteattr(self.target()), self.bools(appendQueryString=.4)),
            '<action type="Rewrite" url=%s%s/>' % (quoteattr(self.target()), self.bools(appendQueryString=.4)),
            '<action type="Rewrite" url=%s%s/>' % (quoteattr(self.target()), self.bools(appendQueryString=.4))])

    def capturing(self, i):
        """A rule that nearly always applies, and shows what was captured."""
        add = ''.join('<add input=%s pattern=%s%s/>' % (
            quoteattr(self.choice(['{R:0}', '{QUERY_STRING}', '{C:0}', '{HTTP_HOST}', 'a{C:1}', '{REQUEST_METHOD}', '{URL}'])),
            quoteattr(self.choice(['(.?)(.?)', '(.)', '^', '(a)|(.)', '(.*)', '.*', '(o)?$'])),
            self.bools(negate=.1)) for _ in range(self.randint(1, 3)))
        url = self.choice(['/{C:0}-{C:1}', '/{C:1}{C:2}', '/x{C:3}', '/{C:0}?{R:1}', '/{C:4}-{R:0}'])
        return '<rule name="r%d"%s><match url="(.?).*"/><conditions%s%s>%s</conditions><action type="Rewrite" url="%s"/></rule>' % (
            i, self.bools(stopProcessing=.5), self.bools(trackAllCaptures=.7),
            self.choice(['', '', ' logicalGrouping="MatchAny"']), add, url)

    def rule(self, i):
        if self.often(.2):
            return self.capturing(i)
        syntax = self.choices(['ECMAScript', 'Wildcard', 'ExactMatch'], [8, 2, 1])[0]
        sets = ''
        if self.often(.2):
            sets = '<serverVariables><set name="%s" value=%s%s/></serverVariables>' % (
                self.choice(['MINE', 'HTTP_X_FOO', 'HTTP_COOKIE']), quoteattr(self.source()), self.bools(replace=.4))
        url = self.match_text(syntax) or 'a'
        if syntax == 'ECMAScript' and self.often(.05):
            return '<rule name="r%d"%s>%s</rule>' % (i, self.bools(stopProcessing=.4), self.action())
        return '<rule name="r%d" patternSyntax="%s"%s><match url=%s%s/>%s%s%s</rule>' % (
            i, syntax, self.bools(stopProcessing=.4, enabled=.1), quoteattr(url), self.bools(negate=.15, ignoreCase=.15),
            self.conditions(syntax), sets, self.action())

    def outbound(self, i):
        return ('<rule name="r%d"%s%s><match serverVariable="%s" pattern=%s%s/>%s<action type="%s" value=%s%s/></rule>' % (
            i, self.bools(stopProcessing=.3), ' preCondition="%s"' % self.choice(['p', 'P', 'q']) if self.often(.4) else '',
            self.choice(['RESPONSE_X_Foo', 'RESPONSE_X_FOO', 'RESPONSE_Content_Type', 'RESPONSE_Other']),
            quoteattr(self.pattern()), self.bools(negate=.15, ignoreCase=.15), self.conditions('ECMAScript'),
            self.choice(['Rewrite', 'Rewrite', 'None']),
            quoteattr(self.choice(['{R:0}', '{R:1}; x', 'new', '{RESPONSE_CONTENT_TYPE}', '{C:1}', '{URL}'])),
            self.bools(replace=.1)))

    def rules(self):
        maps = ('<rewriteMaps><rewriteMap name="m" defaultValue="none"><add key="a/b" value="mapped"/>'
                '<add key="X" value="/q"/></rewriteMap></rewriteMaps>')
        if self.often(.25):
            pre = '<preConditions><preCondition name="p"><add input="{RESPONSE_CONTENT_TYPE}" pattern="html"/></preCondition>' \
                  '</preConditions>'
            return True, '<rewrite>%s<outboundRules>%s%s</outboundRules></rewrite>' % (
                maps, pre, ''.join(self.outbound(i) for i in range(self.randint(1, 3))))
        first = ''.join(self.rule(i) for i in range(self.randint(0, 2)))
        second = ''.join(self.rule(i + 10) for i in range(self.randint(1, 3)))
        return False, '<rewrite>%s<globalRules>%s</globalRules><rules>%s</rules></rewrite>' % (maps, first, second)

    def uri(self):
        path = ''.join(self.choice(['a', 'b', 'ab', '/', 'owa', 'x', '.', '%41', '%2f', 'A', '1', '-', '//', '/../', '/./', '\\', '%C3%A9',
                                    '%ff', '%u0041', '%']) if self.often(.35) else self.choice(['a', 'b', '/', 'x', 'owa/', 'a/b', '1'])
                       for _ in range(self.randint(0, 6)))
        query = self.choice(['', '', '?', '?a=1', '?x=%41b&y', '?owa/a?b', '?%0aab', '?a+b', '?%'])
        return '/' + self.choice(['', '', 'owa/', 'OWA/']) + path + query

    def request(self, label, text, outbound):
        headers = [(self.choice(['X-Foo', 'x_foo', 'Cookie', 'cookie', 'Host']), self.choice(['a', 'a/b', 'x=1; y', 'on', 'A:80']))
                   for _ in range(self.randint(0, 3))]
        headers = headers[:1] + [h for h in headers[1:] if h[0] != 'Host']
        extra = {}
        if outbound:
            extra = dict(header=self.choice(['X-Foo', 'X-Foo', 'Content-Type']),
                         type=self.choice(['text/html', 'text/html', 'image/png', None]),
                         value=self.choice(['ab', 'a/b', 'owa x', '', None]))
        uri = self.uri()
        return case(label, text, uri, None, self.choice(['GET', 'POST']), headers, self.often(.5),
                    self.choice([None, '/', '/owa/' if uri.lower().startswith('/owa/') or self.often(.2) else '/']), **extra)


def random_cases(seed, count):
    r = Random(seed)
    for i in range(count // 4):
        outbound, text = r.rules()
        for _ in range(4):
            yield r.request('random %d' % i, text, outbound)


# ---------------------------------------------------------------- comparing

def by_reference(c):
    try:
        loaded = reference.Rules(c.rules)
    except reference.BadRules as e:
        return {'error': e.args[0]}
    if c.header:
        return reference.response(loaded, c.method, c.uri, c.headers, c.https, c.base, c.header, c.type, c.value)
    return reference.request(loaded, c.method, c.uri, c.headers, c.https, c.base)


def by_program(program, cases, folder):
    files = {}
    with open(os.path.join(folder, 'cases.tsv'), 'w', encoding='utf-8') as out:
        for c in cases:
            if c.rules not in files:
                files[c.rules] = os.path.join(folder, 'rules%d.xml' % len(files))
                with open(files[c.rules], 'w', encoding='utf-8') as f:
                    f.write(c.rules)
            headers = '\x1e'.join('%s: %s' % h for h in c.headers)
            fields = [files[c.rules], c.method, c.uri, headers or None, 'on' if c.https else 'off', c.base, c.header, c.type, c.value]
            fields = ['~' if f is None else f for f in fields]
            assert not any('\t' in f or '\n' in f for f in fields)
            out.write('\t'.join(fields) + '\n')
    done = subprocess.run([program, out.name], stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.decode('ascii').splitlines()]


def differs(c, ours, theirs):
    """What is wrong with one case, or None."""
    if 'error' in ours or 'error' in theirs:
        same = ours.get('error') == theirs.get('error')
    else:
        same = all(ours[k] == theirs[k] for k in ('outcome', 'status', 'substatus', 'rule', 'url'))
    if not same:
        return 'the two evaluators differ'
    if c.expected is None:
        return None
    got = (ours.get('outcome'), ours.get('url')) if isinstance(c.expected, tuple) else ours.get('outcome')
    return None if got == c.expected else 'expected %s' % (c.expected,)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('program')
    parser.add_argument('--seed', type=int, default=20221007)
    parser.add_argument('--count', type=int, default=2000)
    args = parser.parse_args()
    groups = [('known mitigations', list(known_cases())), ('recorded requests', list(recorded_cases())),
              ('random, seed %d' % args.seed, list(random_cases(args.seed, args.count)))]
    failed = 0
    for name, cases in groups:
        with tempfile.TemporaryDirectory() as folder:
            results = by_program(args.program, cases, folder)
        if len(results) != len(cases):
            sys.exit('%s: %d answers to %d cases' % (name, len(results), len(cases)))
        outcomes = collections.Counter()
        for c, ours in zip(cases, results):
            theirs = by_reference(c)
            kind = ours.get('outcome') or 'error ' + ours['error']
            outcomes[kind if kind != 'served' or ours['rule'] else 'untouched'] += 1
            wrong = differs(c, ours, theirs)
            if wrong:
                failed += 1
                if failed <= 10:
                    print('FAIL %s: %s\n  %s\n  core/rewrite: %s\n  reference:    %s' % (c.label, wrong, c, ours, theirs))
        print('%s: %d cases (%s)' % (name, len(cases), ', '.join('%s %d' % kv for kv in sorted(outcomes.items()))))
        if name.startswith('random') and args.count >= 2000:
            missing = {'served', 'untouched', 'refused', 'responded', 'redirected', 'unknown'} - set(outcomes)
            if missing:
                sys.exit('the random cases never gave: %s' % ', '.join(sorted(missing)))
    print('%d differences' % failed)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
