"""What our mechanisms add to a request stays small."""

from tests.bench.overhead import measure


def test_an_empty_route_through_all_mechanisms_costs_a_few_times_a_bare_one():
    told = measure(seed=1, rounds=5, calls=50)
    assert told["ratio"]["known"]["cpu"] < 6
