"""A second evaluator of IIS URL Rewrite rules, for comparison with core/rewrite.

Written from Microsoft's "URL Rewrite Module Configuration Reference" and its 2.0 supplement with Python's own re and
xml.etree; it shares no code, no structure and no regular expression engine with the C one. None stands for "cannot be
known here". It is not hardened: it is for tests only.
"""
import re

from rewrite_reference_rules import BadRules, Rules, Unknown  # noqa: F401

TEXT_MAX = 65536


# ---------------------------------------------------------------- requests

def text_of(octets):
    """UTF-8, or else the ANSI code page."""
    try:
        return octets.decode('utf-8')
    except UnicodeDecodeError:
        return octets.decode('latin-1')


def url_decode(text):
    return text_of(re.sub(rb'%([0-9A-Fa-f]{2})', lambda m: bytes([int(m.group(1), 16)]), text.encode('utf-8')))


def cooked(path):
    """The path as HTTP.sys hands it on; None when it answers 400."""
    octets = path.encode('utf-8', 'surrogateescape')

    def one(m):
        if m.group(1):
            code = int(m.group(1), 16)
            if 0xd800 <= code <= 0xdfff:
                raise ValueError
            return chr(code).encode('utf-8')
        if m.group(2):
            return bytes([int(m.group(2), 16)])
        raise ValueError
    try:
        octets = re.sub(rb'%(?:[uU]([0-9A-Fa-f]{4})|([0-9A-Fa-f]{2})|)', one, octets)
    except ValueError:
        return None
    if b'\0' in octets:
        return None
    result, parts = [], [p for p in re.split(r'[/\\]+', text_of(octets))][1:]
    for i, part in enumerate(parts):
        if part == '..':
            if not result:
                return None
            result.pop()
        elif part != '.':
            result.append(part)
            continue
        if i == len(parts) - 1:
            result.append('')
    return '/' + '/'.join(result)


class State:
    def __init__(self, rules, method, uri, headers, https, base):
        self.rules, self.method, self.https = rules, method or 'GET', https
        self.uri = text_of(uri.encode('utf-8', 'surrogateescape'))
        path, mark, self.query = self.uri.partition('?')
        self.path = cooked(uri.partition('?')[0])
        self.base = base or '/'
        self.headers = [(n, text_of(v.encode('utf-8', 'surrogateescape'))) for n, v in headers]
        self.variables = {}   # set by rules: a text, or None
        self.response = {}
        self.rewritten = self.elsewhere = False

    def header(self, name):
        found = [v for n, v in self.headers if n.replace('-', '_').upper() == name]
        return ('; ' if name == 'COOKIE' else ', ').join(found)

    def variable(self, name):
        name = name.upper()
        if name in self.variables:
            if self.variables[name] is None:
                raise Unknown(name)
            return self.variables[name]
        host = self.header('HOST') or 'localhost'
        simple = {'REQUEST_METHOD': self.method, 'HTTP_METHOD': self.method, 'HTTPS': 'on' if self.https else 'off',
                  'SERVER_PORT_SECURE': '1' if self.https else '0', 'HTTP_HOST': host,
                  'SERVER_NAME': host.partition(':')[0],
                  'SERVER_PORT': host.partition(':')[2] or ('443' if self.https else '80'),
                  'QUERY_STRING': self.query, 'UNENCODED_URL': self.uri, 'HTTP_URL': self.uri,
                  'CONTENT_TYPE': self.header('CONTENT_TYPE'), 'CONTENT_LENGTH': self.header('CONTENT_LENGTH')}
        if name in simple:
            return simple[name]
        if name in ('URL', 'PATH_INFO') and not self.elsewhere:
            return self.path
        if name == 'REQUEST_URI' and not self.rewritten:
            return self.uri
        if name == 'HTTP_X_ORIGINAL_URL' and self.rewritten:
            return url_decode(self.uri)
        if name.startswith('HTTP_') and name != 'HTTP_VERSION':
            return self.header(name[5:])
        if name.startswith('RESPONSE_') and self.response.get(name[9:]) is not None:
            return self.response[name[9:]]
        raise Unknown(name)

    def expand(self, text, r, c):
        """r and c: a list of groups (empty: nothing matched) or None (not known)."""
        out, i = [], 0
        while i < len(text):
            if text[i] != '{':
                out.append(text[i])
                i += 1
                continue
            end, depth = i, 0
            while True:
                depth += {'{': 1, '}': -1}.get(text[end], 0)
                end += 1
                if depth == 0:
                    break
            out.append(self.reference(text[i + 1:end - 1], r, c))
            i = end
            if len(''.join(out).encode('utf-8')) > TEXT_MAX:
                raise Unknown('length')
        return ''.join(out)

    def reference(self, inner, r, c):
        name, colon, argument = inner.partition(':')
        if not colon:
            return self.variable(name)
        key = name.lower()
        if key in ('r', 'c'):
            groups = r if key == 'r' else c
            many = getattr(groups, 'many', False)
            if groups is None or not re.fullmatch('[0-9]{1,2}' if many else '[0-9]', argument):
                raise Unknown(inner)
            if int(argument) >= len(groups):
                raise Unknown(inner)
            return groups[int(argument)]
        value = self.expand(argument, r, c)
        if key == 'tolower':
            return re.sub('[A-Z]', lambda m: m.group(0).lower(), value)
        if key == 'urldecode':
            return url_decode(value)
        if key == 'urlencode':
            return re.sub(rb'[^A-Za-z0-9._~-]', lambda m: b'%%%02X' % m.group(0)[0], value.encode('utf-8')).decode()
        if key == 'htmlencode':
            return value.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;').replace('"', '&quot;')
        if key in self.rules.maps:
            default, ignore, pairs = self.rules.maps[key]
            for k, v in pairs:
                if k == value or (ignore and k.lower() == value.lower()):
                    return v
            return default
        raise Unknown(name)


class Tracked(list):
    many = True


def conditions_hold(state, conditions, r):
    """(True, False or None; the groups of the matched conditions or None)."""
    groups = Tracked() if conditions.track else []
    unsure = False
    for kind, text, pattern, negate in conditions.items:
        answer, found = None, []
        if kind == 'Pattern':
            try:
                found = pattern.match(state.expand(text, r, groups))
                answer = bool(found)
            except Unknown:
                groups = groups if negate else None
        if answer is not None and negate:
            answer = not answer
        elif answer and conditions.track and groups is not None:
            groups = Tracked(groups + found[1:] if groups else found)
        elif answer and not conditions.track:
            groups = found
        if answer is None:
            unsure = True
        elif answer == conditions.any:
            return answer, None if unsure and conditions.any else groups
    return (None if unsure else not conditions.any or not conditions.items), groups


def outcome(kind, rule=None, url=None, status=0, substatus=0):
    return {'outcome': kind, 'rule': rule, 'url': url, 'status': status, 'substatus': substatus}


def absolute(url):
    return re.match(r'[A-Za-z0-9+.-]+://', url) is not None


def run_rule(state, rule, folder):
    """(result or None, whether the set ends, the rule's name if it rewrote or stopped)."""
    r, applies, url = [], None, None
    if not state.elsewhere:
        if state.path.lower().startswith(folder.lower()):
            url = state.path[len(folder):]
        elif state.path.lower() == folder[:-1].lower():
            url = ''
        elif not state.rewritten:
            return None, False, None
    if url is not None:
        try:
            r = rule.match.match(url)
            applies = bool(r) != rule.match.negate
            if rule.match.negate:
                r = []
        except Unknown:
            pass
    if applies is False:
        return None, False, None
    if applies is None:
        r = None
    hold, c = conditions_hold(state, rule.conditions, r)
    if hold is False:
        return None, False, None
    kind = rule.action['type']
    if hold is None or applies is None:
        if kind == 'None' and not rule.stop and not rule.sets:
            return None, False, None
        return outcome('unknown', rule.name), True, None
    if kind == 'AbortRequest':
        return outcome('refused', rule.name), True, None
    if kind == 'CustomResponse':
        status = rule.action['statusCode']
        return outcome('refused' if status >= 400 else 'responded', rule.name, None, status,
                       rule.action['subStatusCode']), True, None
    path = query = None
    if kind in ('Rewrite', 'Redirect'):
        try:
            path, mark, query = state.expand(rule.action['url'], r, c).partition('?')
        except Unknown:
            return outcome('unknown', rule.name), True, None
        if not path.startswith('/') and not absolute(path):
            path = folder + path
        if rule.action['appendQueryString'] and state.query:
            query = query + '&' + state.query if query else state.query
    if kind == 'Redirect':
        status = {'Permanent': 301, 'Found': 302, 'SeeOther': 303, 'Temporary': 307}[rule.action['redirectType']]
        return outcome('redirected', rule.name, path + ('?' + query if query else ''), status), True, None
    for one in rule.sets:
        try:
            if not one['replace'] and state.variable(one['name']):
                continue
            state.variables[one['name'].upper()] = state.expand(one['value'], r, c)
        except Unknown:
            state.variables[one['name'].upper()] = None
    if kind == 'Rewrite':
        state.path, state.query, state.rewritten, state.elsewhere = path, query, True, absolute(path)
    return None, rule.stop, rule.name if kind == 'Rewrite' or rule.stop else None


def request(rules, method, uri, headers=(), https=False, base=None):
    state = State(rules, method, uri, headers, https, base)
    if state.path is None:
        return outcome('unknown')
    last = None
    for section in ('globalRules', 'rules'):
        for rule in rules.lists[section]:
            if not rule.enabled:
                continue
            result, end, name = run_rule(state, rule, '/' if section == 'globalRules' else state.base)
            if result:
                return result
            last = name or last
            if end:
                break
    url = state.path + ('?' + state.query if state.query else '') if state.rewritten else uri
    return outcome('served', last, url)


def response(rules, method, uri, headers, https, base, header, content_type, value):
    first = State(rules, method, uri, headers, https, base)
    state = State(rules, method, uri, headers, https, base)
    if state.path is None:
        return outcome('unknown')
    name = header.replace('-', '_').upper()
    sent = {'CONTENT_TYPE': content_type}
    sent[name] = value or ''
    first.response, state.response = dict(sent), dict(sent)
    stopped, last = set(), None
    for rule in rules.lists['outboundRules']:
        target = (getattr(rule, 'variable', None) or '').upper()
        if not rule.enabled or not target.startswith('RESPONSE_') or target[9:] not in sent or target[9:] in stopped:
            continue
        target = target[9:]
        pre, r, match = True, [], None
        if rule.pre:
            pre = conditions_hold(first, first.rules.pre[rule.pre.lower()], [])[0] if rule.pre.lower() in rules.pre else None
        if pre is False:
            continue
        now = state.response[target]
        if now is not None:
            try:
                r = rule.match.match(now)
                match = bool(r) != rule.match.negate
                inside = rule.match.text.lower() in now.lower() if rule.match.ignore_case else rule.match.text in now
                if rule.match.syntax == 'ExactMatch' and not r and inside:
                    match = None
                if rule.match.negate:
                    r = []
            except Unknown:
                pass
        if match is False:
            continue
        hold, c = conditions_hold(state, rule.conditions, None if match is None else r)
        if hold is False:
            continue
        rewrites = rule.action['type'] == 'Rewrite'
        if pre is None or match is None or hold is None:
            if now is not None and (rewrites or rule.stop):
                state.response[target] = None
                last = rule.name if target == name else last
            continue
        if rewrites:
            last = rule.name if target == name else last
            try:
                if not rule.action['replace'] and now:
                    raise Unknown('replace')
                state.response[target] = state.expand(rule.action['value'], r, c)
            except Unknown:
                state.response[target] = None
        if rule.stop:
            stopped.add(target)
    if state.response[name] is None:
        return outcome('unknown', last)
    return outcome('served', last, state.response[name] if value is not None or last else None)
