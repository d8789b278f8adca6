Feature: A state may pay back what the trip cost
  Texas: transport over 20 miles one way, meals and lodging over 60 with a night away.

  Scenario Outline: The distances of Texas at the limit, one under and one over
    Given a violent crime in Texas, <miles> miles from home, and <nights> nights away
    When the sources are asked
    Then Texas answers: <answer>
    And meals and lodging are <paid>

    Examples:
      | miles | nights | answer         | paid      |
      | 19    | 1      | unlikely       | left out  |
      | 20    | 1      | unlikely       | left out  |
      | 21    | 1      | worth applying | left out  |
      | 60    | 1      | worth applying | left out  |
      | 61    | 1      | worth applying | looked at |
      | 61    | 0      | worth applying | left out  |

  Scenario: What happened in the District of Columbia is not for Texas
    Given a violent crime in the District of Columbia, 61 miles from home, and 1 nights away
    When the sources are asked
    Then the District of Columbia answers: worth applying
    And Texas answers: unlikely
    And the card of the District of Columbia tells staff "lodging $3,000 within 120 days"

  Scenario Outline: A Texas family hurt elsewhere is helped only where nobody else would, and a person asks
    Given a violent crime in <place>, 61 miles from home, and 1 nights away
    When the sources are asked
    Then Texas answers: <answer>

    Examples:
      | place           | answer |
      | another state   | ask    |
      | another country | ask    |

  Scenario: Where the report names no crime, nothing more is asked
    Given no crime is reported
    When the sources are asked
    Then Texas answers: unlikely
    And the District of Columbia answers: unlikely
