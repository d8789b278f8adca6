Feature: Rooms, meals and driving are paid by the published rates
  Each night and each day by its own date and place. What the tables do not say, a person decides.

  Scenario Outline: A room in Atlanta in November, at the rate of $188, one cent under and one over
    Given a room in Atlanta for the night of 2026-11-05 at <price>, of which <tax> is tax
    When our own fund is asked about it
    Then it pays <paid>

    Examples:
      | price   | tax    | paid    |
      | $187.99 | $0.00  | $187.99 |
      | $188.00 | $0.00  | $188.00 |
      | $188.01 | $0.00  | $188.00 |
      | $216.00 | $28.00 | $216.00 |
      | $216.01 | $28.00 | $216.00 |

  Scenario Outline: Two nights, two years of rates
    Given a room in Joplin for the night of <night> at $200.00, of which $0.00 is tax
    When our own fund is asked about it
    Then it pays <paid>

    Examples:
      | night      | paid    |
      | 2026-09-30 | $110.00 |
      | 2026-10-01 | $113.00 |

  Scenario Outline: Three days of meals in Atlanta, where the full day is $86
    Given three days of meals in Atlanta, where others give <meals>
    When our own fund is asked about it
    Then it pays <paid>

    Examples:
      | meals                               | paid    |
      | nothing                             | $215.00 |
      | a lunch on the full day             | $192.00 |
      | every meal on the first day         | $155.50 |
      | a breakfast that is the hotel's own | $215.00 |

  Scenario: A room abroad after April 2026 waits for a person
    Given a room in Paris for the night of 2026-11-05 at $300.00, of which $0.00 is tax
    When our own fund is asked about it
    Then a person is asked to decide it
    When the person says yes
    Then it pays $300.00, for the time being

  Scenario: A room dearer than the rate is paid in full only on a person's word
    Given a room in Atlanta for the night of 2026-11-05 at $250.00, of which $0.00 is tax
    And the family asks for what it really costs
    When our own fund is asked about it
    Then a person is asked to decide it
    When the person says yes
    Then it pays $250.00
    When the person says no
    Then it pays $188.00

  Scenario Outline: A city the table does not list may sit in a county that it does
    Given a room in Bellevue for the night of 2026-11-05 at $150.00, where <told> is told
    When our own fund is asked about it
    Then <answer>

    Examples:
      | told          | answer                  |
      | nothing more  | the county is asked for |
      | its county    | it pays $150.00         |
      | its ZIP code  | it pays $150.00         |

  Scenario Outline: A tax out of all proportion to the room waits for a person
    Given a room in Atlanta for the night of 2026-11-05 at <price>, of which <tax> is tax
    When our own fund is asked about it
    Then <answer>

    Examples:
      | price   | tax    | answer                         |
      | $235.00 | $47.00 | it pays $235.00                |
      | $235.01 | $47.01 | a person is asked to decide it |
