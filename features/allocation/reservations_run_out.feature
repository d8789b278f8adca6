Feature: A reservation nobody approves runs out, and never unannounced
  Money set aside for one family is money another family waits for. Thirty days, a warning three working days
  before, and never while something is open or the family is about to leave.

  Scenario Outline: The case manager is warned three working days before
    Given $300.00 is set aside for a family that leaves on April 1, 2027
    When it is <day>
    Then the case manager <warning>

    Examples: the day before the warning, that day
      | day               | warning                                             |
      | December 21, 2026 | is told nothing                                     |
      | December 22, 2026 | is told that it runs out on December 25, 2026       |

  Scenario Outline: It runs out on the day that was announced
    Given $300.00 is set aside for a family that leaves on April 1, 2027
    And the case manager is warned
    When it is <day>
    Then $<left> is set aside for it

    Examples: one day under, at the day
      | day               | left   |
      | December 24, 2026 | 300.00 |
      | December 25, 2026 | 0.00   |

  Scenario Outline: Whoever leaves within the thirty days keeps it
    Given $300.00 is set aside for a family that leaves on <departure>
    When it is December 22, 2026
    Then the case manager <warning>

    Examples: within by a day, at the thirtieth day, one over
      | departure        | warning                                       |
      | January 20, 2027 | is told nothing                               |
      | January 21, 2027 | is told nothing                               |
      | January 22, 2027 | is told that it runs out on December 25, 2026 |

  Scenario: What was approved stays
    Given $300.00 is set aside for a family that leaves on April 1, 2027
    And the case manager is warned
    When Ben approves what is set aside
    And it is December 25, 2026
    Then $300.00 is set aside for it

  Scenario: After it, the request is checked again
    Given $300.00 is set aside for a family that leaves on April 1, 2027
    And the case manager is warned
    When it is December 25, 2026
    Then the request says that its reservation ran out
    When Ana has it checked again
    Then $300.00 is set aside for it
    And the books balance
