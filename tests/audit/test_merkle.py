"""The tree and its proofs: the published vectors, the worked example of RFC 9162, and what holds of every tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atamo_rules.hub.audit.evidence import Hashes
from atamo_rules.hub.audit.merkle import EMPTY, Frontier, leaf_hash, node_hash
from atamo_rules.hub.audit.proofs import consistency, consistent, included, inclusion, root_of

# The reference leaves of Certificate Transparency, with the roots and proofs published for them.
ENTRIES = "|00|10|2021|3031|40414243|5051525354555657|606162636465666768696a6b6c6d6e6f".split("|")
REFERENCE = [leaf_hash(bytes.fromhex(entry)) for entry in ENTRIES]
ROOTS = """
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d
fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125
aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77
d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7
4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4
76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef
ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c
5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328
""".split()
INCLUSION = {
    (0, 8): """96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7
               5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e
               6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4""",
    (5, 8): """bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b
               ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0
               d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7""",
    (2, 3): "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    (1, 5): """6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d
               5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e
               bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b""",
}
CONSISTENCY = {
    (1, 8): """96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7
               5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e
               6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4""",
    (6, 8): """0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a
               ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0
               d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7""",
    (2, 5): """5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e
               bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b""",
}


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    assert Frontier().extend(REFERENCE[:size]).root.hex() == ROOTS[size]
    assert EMPTY.hex() == ROOTS[0]


@pytest.mark.parametrize(("place", "path"), INCLUSION.items())
def test_published_inclusion_proofs(place: tuple[int, int], path: str) -> None:
    index, size = place
    made = inclusion(REFERENCE, index, size)
    assert [step.hex() for step in made] == path.split()
    assert included(REFERENCE[index], index, size, made, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("sizes", "proof"), CONSISTENCY.items())
def test_published_consistency_proofs(sizes: tuple[int, int], proof: str) -> None:
    old, size = sizes
    made = consistency(REFERENCE, old, size)
    assert [step.hex() for step in made] == proof.split()
    assert consistent(old, bytes.fromhex(ROOTS[old]), size, bytes.fromhex(ROOTS[size]), made)


def test_the_worked_example_of_the_rfc() -> None:
    """RFC 9162, 2.1.5: the tree over seven leaves, with its nodes by their letters."""
    leaves = [leaf_hash(bytes([n])) for n in range(7)]
    a, b, c, d, e, f, j = leaves
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, last = node_hash(g, h), node_hash(i, j)
    assert root_of(leaves, 0, 7) == node_hash(k, last)
    paths = {0: (b, h, last), 3: (c, g, last), 4: (f, j, k), 6: (i, k)}
    assert {index: inclusion(leaves, index, 7) for index in paths} == paths
    proofs = {3: (c, d, g, last), 4: (last,), 6: (i, j, k)}
    assert {old: consistency(leaves, old, 7) for old in proofs} == proofs


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """The definition of RFC 9162, 2.1.1, word for word."""
    if len(leaves) < 2:
        return leaves[0] if leaves else EMPTY
    k = max(2**power for power in range(len(leaves).bit_length()) if 2**power < len(leaves))
    return node_hash(naive_root(leaves[:k]), naive_root(leaves[k:]))


def leaves_of(count: int) -> list[bytes]:
    return [leaf_hash(n.to_bytes(4)) for n in range(count)]


@given(st.integers(0, 300), st.data())
@settings(max_examples=60)
def test_a_frontier_grown_in_any_steps_is_the_tree(count: int, data: st.DataObject) -> None:
    leaves = leaves_of(count)
    tree, at = Frontier(), 0
    while at < count:
        step = data.draw(st.integers(1, count - at))
        tree = tree.append(leaves[at]) if step == 1 else tree.extend(leaves[at : at + step])
        at += step
    assert (tree.size, tree.root) == (count, naive_root(leaves))
    assert len(tree.peaks) == count.bit_count()


def test_every_leaf_of_every_small_tree_is_proved_and_nothing_else() -> None:
    leaves = leaves_of(40)
    for size in range(1, 41):
        root = naive_root(leaves[:size])
        for index in range(size):
            path = inclusion(leaves, index, size)
            assert included(leaves[index], index, size, path, root)
            assert not included(leaves[index - 1] if size > 1 else EMPTY, index, size, path, root)
            assert not included(leaves[index], index, size, path, EMPTY)


def test_every_small_tree_is_proved_to_begin_with_every_smaller_one() -> None:
    leaves = leaves_of(40)
    roots = [naive_root(leaves[:size]) for size in range(41)]
    for size in range(41):
        for old in range(size + 1):
            proof = consistency(leaves, old, size)
            assert consistent(old, roots[old], size, roots[size], proof)
            if 0 < old < size:
                assert not consistent(old, roots[old - 1], size, roots[size], proof)
                assert not consistent(old, roots[old], size, roots[size - 1], proof)


@given(st.integers(2, 200), st.data())
@settings(max_examples=150)
def test_a_proof_with_anything_changed_proves_nothing(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    root = naive_root(leaves)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size - 1))
    path = list(inclusion(leaves, index, size))
    proof = list(consistency(leaves, old, size))
    for changed in (broken(path, data), broken(proof, data)):
        assert not included(leaves[index], index, size, changed, root) or changed == path
        assert not consistent(old, naive_root(leaves[:old]), size, root, changed) or changed == proof
    for wrong in {data.draw(st.integers(-1, size + 1)) for _ in range(3)} - {index}:
        assert not included(leaves[index], wrong, size, path, root)


def broken(steps: list[bytes], data: st.DataObject) -> list[bytes]:
    """Steps with one changed, left out, doubled, or added."""
    at = data.draw(st.integers(0, len(steps) - 1))
    ways: list[Callable[[], list[bytes]]] = [
        lambda: [*steps[:at], bytes([steps[at][0] ^ 1]) + steps[at][1:], *steps[at + 1 :]],
        lambda: [*steps[:at], *steps[at + 1 :]],
        lambda: [*steps[: at + 1], *steps[at:]],
        lambda: [*steps, EMPTY],
    ]
    return data.draw(st.sampled_from(ways))()


def test_what_is_not_there_cannot_be_proved() -> None:
    leaves = leaves_of(5)
    for index, size in ((5, 5), (-1, 5), (0, 6), (0, 0)):
        with pytest.raises(ValueError, match="not in a tree of"):
            inclusion(leaves, index, size)
    for old, size in ((6, 5), (-1, 5), (2, 6)):
        with pytest.raises(ValueError, match="no tree of"):
            consistency(leaves, old, size)


def test_hashes_in_a_file_are_a_list_of_them() -> None:
    leaves = leaves_of(6)
    kept = Hashes(b"".join(leaves) + b"torn")
    assert list(kept) == leaves
    assert (len(kept), kept[-1], kept[2:4]) == (6, leaves[-1], leaves[2:4])
    with pytest.raises(IndexError):
        kept[6]
    assert inclusion(kept, 3, 6) == inclusion(leaves, 3, 6)


def test_appending_costs_two_hashes_on_average(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0

    def counted(left: bytes, right: bytes) -> bytes:
        nonlocal count
        count += 1
        return node_hash(left, right)

    monkeypatch.setattr("atamo_rules.hub.audit.merkle.node_hash", counted)
    tree = Frontier()
    for leaf in leaves_of(4096):
        tree = tree.append(leaf)
    assert count == 4095
