"""The rules of rewrite_reference.py: patterns in Python's syntax, and reading them from XML. For tests only."""
import re
import xml.etree.ElementTree as ET


class BadRules(Exception):
    """The rules are refused; args[0] is "parse" or "invalid"."""


class Unknown(Exception):
    """Something decides that is not known here."""


# ---------------------------------------------------------------- patterns

def to_python(pattern):
    """An ECMAScript regular expression in Python's syntax. Raises Unknown for what ECMAScript does not have."""
    out, i, in_class = [], 0, False
    quantified = False   # what stands before this place is a quantifier
    while i < len(pattern):
        c = pattern[i]
        if c == '\\':
            e = pattern[i + 1:i + 2]
            if e == '':
                raise BadRules('invalid')
            plain = {'d': '0-9', 'w': 'A-Za-z0-9_', 's': r' \t\n\r\f\v'}
            if e.lower() in plain and e.isalpha():
                body = plain[e.lower()]
                if in_class and e.isupper():
                    raise Unknown('a negated class in a class: not in this evaluator')
                out.append(body if in_class else '[%s%s]' % ('^' if e.isupper() else '', body))
            elif e in 'bB' and not in_class:
                out.append(r'(?:(?<=[A-Za-z0-9_])(?![A-Za-z0-9_])|(?<![A-Za-z0-9_])(?=[A-Za-z0-9_]))' if e == 'b' else
                           r'(?:(?<=[A-Za-z0-9_])(?=[A-Za-z0-9_])|(?<![A-Za-z0-9_])(?![A-Za-z0-9_]))')
            elif e.isascii() and e.isalpha():
                if e not in 'tnvfrcxub':
                    raise Unknown('\\' + e)
                out.append('\\' + e)
            else:
                out.append(re.escape(e) if not e.isdigit() else '\\' + e)
            i += 2
            quantified = False
            continue
        quantifier = None if in_class else re.match(r'[*+?]|\{[0-9]+,?[0-9]*\}', pattern[i:])
        if quantifier:
            if quantified and c == '+':
                raise Unknown('a possessive quantifier')
            quantified = not (quantified and c == '?')
            out.append(quantifier.group(0))
            i += quantifier.end()
            continue
        quantified = False
        if in_class:
            if c == ']':
                in_class = False
            out.append('\\[' if c == '[' else c)
        elif c == '[':
            in_class = True
            out.append(c)
            if pattern[i + 1:i + 2] == '^':
                out.append('^')
                i += 1
        elif c == '(' and pattern[i + 1:i + 2] == '?':
            if pattern[i + 2:i + 3] not in (':', '=', '!'):
                raise Unknown(pattern[i:i + 3])
            out.append(c)
        elif c == '$':
            out.append(r'\Z')
        elif c == '.':
            out.append(r'[^\n\r]')
        else:
            out.append(c)
        i += 1
    return ''.join(out)


class Pattern:
    def __init__(self, syntax, text, ignore_case, negate):
        self.syntax, self.text, self.ignore_case, self.negate = syntax, text, ignore_case, negate
        self.regex = self.beyond = None
        if syntax == 'ExactMatch':
            return
        flags = re.IGNORECASE if ignore_case else 0
        if syntax == 'Wildcard':
            body = ''.join('(.*)' if c == '*' else '.' if c == '?' else re.escape(c) for c in text)
            self.regex = re.compile(r'\A' + body + r'\Z', flags | re.DOTALL)
            return
        try:
            self.regex = re.compile(to_python(text), flags)
        except Unknown as e:
            self.beyond = e
        except re.error as e:
            raise BadRules('invalid') from e

    def match(self, text):
        """The list of groups, [] for no match (negate not considered)."""
        if self.beyond:
            raise self.beyond
        if self.syntax == 'ExactMatch':
            same = text.lower() == self.text.lower() if self.ignore_case else text == self.text
            return [text] if same else []
        m = self.regex.search(text)
        return [m.group(0)] + [g or '' for g in m.groups()] if m else []


# ---------------------------------------------------------------- reading

LOCKS = {'lockItem', 'lockAttributes', 'lockElements', 'lockAllAttributesExcept', 'lockAllElementsExcept'}


def attributes(element, **types):
    """{name: value} with defaults; types: name=(kind, default), kind str, bool, int or a list of enum names."""
    values = {name: default for name, (kind, default) in types.items()}
    for name, text in element.attrib.items():
        if name in LOCKS:
            continue
        if name not in types:
            raise BadRules('parse')
        kind = types[name][0]
        if kind is bool:
            if text.lower() not in ('true', 'false'):
                raise BadRules('parse')
            values[name] = text.lower() == 'true'
        elif kind is int:
            if not re.fullmatch('[0-9]{1,9}', text):
                raise BadRules('parse')
            values[name] = int(text)
        elif isinstance(kind, list):
            found = [k for k in kind if k.lower() == text.lower()]
            if not found:
                raise BadRules('parse')
            values[name] = found[0]
        else:
            values[name] = text
    return values


SYNTAX = ['ECMAScript', 'Wildcard', 'ExactMatch']


class Conditions:
    def __init__(self):
        self.any, self.track, self.items = False, False, []

    def add(self, element, syntax):
        if element.tag != 'add':
            raise BadRules('parse')
        a = attributes(element, input=(str, None), matchType=(['Pattern', 'IsFile', 'IsDirectory'], 'Pattern'),
                       pattern=(str, None), ignoreCase=(bool, True), negate=(bool, False))
        pattern = None
        if a['matchType'] == 'Pattern':
            if a['input'] is None or a['pattern'] is None:
                raise BadRules('invalid')
            check_braces(a['input'])
            pattern = Pattern(syntax, a['pattern'], a['ignoreCase'], a['negate'])
        self.items.append((a['matchType'], a['input'] or '', pattern, a['negate']))


class Rule:
    pass


def check_braces(text):
    depth = 0
    for i, c in enumerate(text):
        if c == '{':
            depth += 1
            if text[i + 1:i + 2] in ('', '{', '}', ':'):
                raise BadRules('invalid')
        elif c == '}' and depth:
            depth -= 1
    if depth:
        raise BadRules('invalid')


def read_rule(element, kind):
    types = dict(name=(str, None), enabled=(bool, True), patternSyntax=(SYNTAX, 'ECMAScript'),
                 stopProcessing=(bool, False), responseCacheDirective=(str, None))
    if kind == 'outboundRules':
        types['preCondition'] = (str, None)
    a = attributes(element, **types)
    rule = Rule()
    rule.name, rule.enabled, rule.stop = a['name'], a['enabled'], a['stopProcessing']
    rule.pre = a.get('preCondition')
    rule.match, rule.conditions, rule.sets = None, Conditions(), []
    rule.conditions.track = kind == 'outboundRules'
    rule.action = {'type': 'None'}
    if not rule.name:
        raise BadRules('parse')
    for part in element:
        if part.tag == 'match' and kind != 'outboundRules':
            m = attributes(part, url=(str, None), ignoreCase=(bool, True), negate=(bool, False))
            text = m['url']
        elif part.tag == 'match':
            m = attributes(part, filterByTags=(str, ''), customTags=(str, ''), serverVariable=(str, None),
                           pattern=(str, None), occurrences=(str, ''), ignoreCase=(bool, True), negate=(bool, False))
            text = m['pattern']
            rule.variable = m['serverVariable']
        elif part.tag == 'conditions':
            g = attributes(part, logicalGrouping=(['MatchAll', 'MatchAny'], 'MatchAll'),
                           trackAllCaptures=(bool, rule.conditions.track))
            rule.conditions.any, rule.conditions.track = g['logicalGrouping'] == 'MatchAny', g['trackAllCaptures']
            for one in part:
                rule.conditions.add(one, a['patternSyntax'])
            continue
        elif part.tag == 'serverVariables' and kind != 'outboundRules':
            for one in part:
                rule.sets.append(attributes(one, name=(str, None), value=(str, ''), replace=(bool, True)))
                check_braces(rule.sets[-1]['value'])
            continue
        elif part.tag == 'action' and kind != 'outboundRules':
            rule.action = attributes(
                part, type=(['None', 'Rewrite', 'Redirect', 'CustomResponse', 'AbortRequest'], 'None'), url=(str, ''),
                appendQueryString=(bool, True), redirectType=(['Permanent', 'Found', 'SeeOther', 'Temporary'], 'Permanent'),
                statusCode=(int, 0), subStatusCode=(int, 0), statusReason=(str, ''), statusDescription=(str, ''),
                **({'logRewrittenUrl': (bool, False)} if kind == 'rules' else {}))
            check_braces(rule.action['url'])
            if rule.action['type'] in ('Rewrite', 'Redirect') and not rule.action['url']:
                raise BadRules('invalid')
            status = rule.action['statusCode']
            if rule.action['type'] == 'CustomResponse' and (not 100 <= status <= 999 or 300 <= status <= 307):
                raise BadRules('invalid')
            continue
        elif part.tag == 'action':
            rule.action = attributes(part, type=(['None', 'Rewrite'], 'None'), value=(str, ''), replace=(bool, True))
            check_braces(rule.action['value'])
            continue
        else:
            raise BadRules('parse')
        if (text is None and a['patternSyntax'] != 'ECMAScript') or (text == '' and kind != 'outboundRules'):
            raise BadRules('invalid')
        text = text or ''
        rule.match = Pattern(a['patternSyntax'], text, m['ignoreCase'], m['negate'])
    if rule.match is None:
        if a['patternSyntax'] != 'ECMAScript':
            raise BadRules('invalid')
        rule.match = Pattern('ECMAScript', '', True, False)
    return rule


class Rules:
    def __init__(self, text):
        try:
            root = ET.fromstring(text)
        except ET.ParseError as e:
            raise BadRules('parse') from e
        if root.tag != 'rewrite':
            raise BadRules('parse')
        self.lists = {'globalRules': [], 'rules': [], 'outboundRules': []}
        self.pre, self.maps = {}, {}
        for section in root:
            if section.tag in self.lists:
                self.read_list(section)
            elif section.tag == 'rewriteMaps':
                for one in section:
                    a = attributes(one, name=(str, None), defaultValue=(str, ''), ignoreCase=(bool, True))
                    pairs = [(add.get('key'), add.get('value', '')) for add in one]
                    self.maps[a['name'].lower()] = (a['defaultValue'], a['ignoreCase'], pairs)
            elif section.tag not in ('allowedServerVariables', 'providers'):
                raise BadRules('parse')

    def read_list(self, section):
        rules = self.lists[section.tag]
        for one in section:
            if one.tag == 'rule':
                rule = read_rule(one, section.tag)
                if any(r.name.lower() == rule.name.lower() for r in rules):
                    raise BadRules('invalid')
                rules.append(rule)
            elif one.tag == 'clear':
                del rules[:]
            elif one.tag == 'remove':
                rules[:] = [r for r in rules if r.name.lower() != one.get('name').lower()]
            elif one.tag == 'preConditions' and section.tag == 'outboundRules':
                for pre in one:
                    a = attributes(pre, name=(str, None), logicalGrouping=(['MatchAll', 'MatchAny'], 'MatchAll'),
                                   patternSyntax=(SYNTAX, 'ECMAScript'))
                    conditions = self.pre[a['name'].lower()] = Conditions()
                    conditions.any = a['logicalGrouping'] == 'MatchAny'
                    for add in pre:
                        conditions.add(add, a['patternSyntax'])
            elif not (one.tag == 'customTags' and section.tag == 'outboundRules'):
                raise BadRules('parse')
