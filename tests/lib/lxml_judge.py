"""lxml_judge - an independent opinion on an edited IIS file: nothing differs but the elements that were to be put in.

It shares no code with the product: lxml parses both versions, the named elements are taken out of the later one, and what is left must be the
same tree: names, attributes in their order, texts, comments and processing instructions. Empty scaffolds count for nothing on either side.
"""
from lxml import etree

SCAFFOLDS = {"system.webServer", "rewrite", "rules", "outboundRules", "preConditions", "globalRules", "location"}


def _tree(octets):
    return etree.fromstring(octets, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))


def _take_out(root, names):
    """Removes the elements whose name attribute is listed; gives the names that were found."""
    found = []
    for element in list(root.iter(etree.Element)):
        if element.get("name") in names:
            found.append(element.get("name"))
            _remove(element)
    return found


def _remove(element):
    parent, before = element.getparent(), element.getprevious()
    if element.tail:
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)


def _prune(root):
    """Takes empty scaffolds out, inner before outer."""
    for element in reversed(list(root.iter(etree.Element))):
        if element.tag in SCAFFOLDS and element.getparent() is not None and len(element) == 0 and not (element.text or "").strip():
            _remove(element)


def _shape(node):
    tail = (node.tail or "").strip()
    if node.tag is etree.Comment or node.tag is etree.PI:
        return (str(node.tag), node.text, tail)
    return (node.tag, list(node.attrib.items()), (node.text or "").strip(), [_shape(kid) for kid in node], tail)


def judge(before, after, names):
    """Raises AssertionError unless `after` is `before` plus exactly the elements whose name attributes are `names`."""
    old, new = _tree(before), _tree(after)
    found = _take_out(new, set(names))
    assert sorted(found) == sorted(names), f"found {found}, expected {list(names)}"
    _prune(old)
    _prune(new)
    assert _shape(old) == _shape(new), "something else than the addressed elements differs"
    assert before[:3] == after[:3], "the byte order mark or the first octets differ"
    assert (b"\r\n" in before) == (b"\r\n" in after), "the kind of line ends differs"


def same_tree(a, b):
    return _shape(_tree(a)) == _shape(_tree(b))
