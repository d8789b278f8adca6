Feature: The hotel partner gives rooms for the trip home
  Its agreement speaks of the first 90 days; about a later trip a person asks. It never refuses by itself.

  Scenario Outline: At ninety days, one under and one over
    Given a child found <days> days before the trip
    When the sources are asked
    Then the hotel partner answers: <answer>

    Examples:
      | days | answer               |
      | 89   | eligible             |
      | 90   | eligible             |
      | 91   | needs staff decision |

  Scenario: The partner gives a room all the same
    Given a child found 91 days before the trip
    When a person records of PH-03: met
    Then the hotel partner answers: eligible
