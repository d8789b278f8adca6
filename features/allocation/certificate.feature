Feature: A split says why it is not better
  Whoever tells a family that something stays open knows which limits are used up, and by how much.

  Scenario: Meals are $150 short
    Given VRT has $2,000.00 for meals and pays $300.00 for one trip
    And the airline pool has $100.00 for meals
    And the general fund has $2,000.00 for meals and pays $50.00 for one trip
    When $600.00 of meals are split over them
    Then $450.00 is paid
    And the certificate says "Meals are $150 short: VRT's trip limit, airline pool's meals balance and general fund's trip limit are all used up."
    And every cent that is paid has the rule by which it may be charged

  Scenario Outline: One cent more of a limit that is named covers one cent more
    Given VRT has $2,000.00 for meals and pays <limit> for one trip
    When $600.00 of meals are split over them
    Then <paid> is paid
    And the certificate says "<said>"

    Examples: one under what is asked, at it, one over
      | limit   | paid    | said                                                     |
      | $599.99 | $599.99 | Meals are $0.01 short: VRT's trip limit is used up.       |
      | $600.00 | $600.00 |                                                          |
      | $600.01 | $600.00 |                                                          |

  Scenario: Where nothing can be paid, the rules that cannot all be kept are named
    Given VRT has $50.00 for meals and gives at least $100.00 for one trip
    When $600.00 of meals are split over them
    Then $0.00 is paid
    And the certificate says "Nothing can be paid. VRT's meals balance of $50 and VRT's minimum of $100 for one trip cannot both be kept if more is to be paid; without any one of them, it could."
